import type { SagaState } from '@boxoffice/contracts'
import { type InputType, isRequest, type SagaInput } from './input.ts'
import type { Begun, SagaContext, SagaPosition } from './saga.ts'
import { declarationOf } from './states.ts'
import { type Transition, UNEXPECTED } from './transition.ts'

/** An input that the state does not name: a fault of this service, or of the sender. */
export class UnexpectedInput extends Error {
  constructor(state: SagaState, input: InputType) {
    super(`${state} does not expect ${input}`)
  }
}

type AnyRule = (context: SagaContext, input: SagaInput) => Transition | null | typeof UNEXPECTED

/**
 * Returns the next state and its effects; null if the input changes nothing: it is late, already known, or a
 * request that the state refuses. Throws UnexpectedInput for all others.
 */
export function advance({ state, context }: SagaPosition, input: SagaInput): Transition | null {
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

/** The state in which a saga begins: at once, or in the queue for later. */
export type FirstState = 'RESERVING' | 'QUEUED'

/** Returns the state that a journal's inputs lead to, from the beginning. */
export function replay(
  context: Begun,
  inputs: readonly SagaInput[],
  first: FirstState = 'RESERVING',
): SagaPosition {
  let saga: SagaPosition = { state: first, context }
  for (const input of inputs) saga = advance(saga, input) ?? saga
  return saga
}
