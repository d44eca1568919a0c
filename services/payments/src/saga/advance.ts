import type { SagaState } from '@boxoffice/contracts'
import { type InputType, isRequest, type SagaInput } from './input.ts'
import type { Begun, SagaContext, Stand } from './saga.ts'
import { declarationOf } from './states.ts'
import { type Transition, UNEXPECTED } from './transition.ts'

/** An input that the state does not name: a fault of ours, or of its sender. */
export class UnexpectedInput extends Error {
  constructor(state: SagaState, input: InputType) {
    super(`${state} does not expect ${input}`)
  }
}

type AnyRule = (context: SagaContext, input: SagaInput) => Transition | null | typeof UNEXPECTED

/**
 * The next state and what comes with it; null where the input changes nothing: it is late, known already, or
 * a request that the state refuses. Throws UnexpectedInput for everything else.
 */
export function advance({ state, context }: Stand, input: SagaInput): Transition | null {
  const { answers, requests, reports, late } = declarationOf(state)
  const rules: { readonly [I in InputType]?: unknown } = { ...answers, ...requests, ...reports }
  const rule = rules[input.type] as AnyRule | undefined
  const next = rule
    ? rule(context, input)
    : isRequest(input.type) || late?.includes(input.type)
      ? null
      : UNEXPECTED
  if (next === UNEXPECTED) throw new UnexpectedInput(state, input.type)
  return next
}

/** Where a saga begins: at once, or in the queue for later. */
export type FirstState = 'RESERVING' | 'QUEUED'

/** The state that a journal's inputs lead to, from the beginning. */
export function replay(context: Begun, inputs: readonly SagaInput[], first: FirstState = 'RESERVING'): Stand {
  let saga: Stand = { state: first, context }
  for (const input of inputs) saga = advance(saga, input) ?? saga
  return saga
}
