import type { SagaState, SagaStateInProgress, SagaStateTerminal } from '@boxoffice/contracts'
import type { CrashPoint } from '@boxoffice/service-kit'
import type { Call } from './call.ts'
import type { InputType, RequestType } from './input.ts'
import type { Contexts, SagaContext } from './saga.ts'
import type { Rule } from './transition.ts'

export type Step = 'QUEUE' | 'RESERVE' | 'CHARGE' | 'RELEASE' | 'ISSUE' | 'CANCEL_TICKETS' | 'REFUND'
type Rules<C, I extends InputType> = { readonly [K in I]?: Rule<C, K> }

/** What the declaration of any state may have. */
interface StateRules<C> {
  /** Requests that are accepted here; others are refused. */
  readonly requests?: Rules<C, RequestType>
  /**
   * Reports accepted here, from the gateway, from refunds of cancelled events, or from a driver that gives
   * up.
   */
  readonly reports?: Rules<C, 'CHARGED' | 'REFUNDED_ELSEWHERE' | 'EVENT_CANCELLED' | 'ISSUE_GIVEN_UP'>
  /** Inputs that may come late or twice, and change nothing. */
  readonly late?: readonly InputType[]
  /** The outcome of an order whose saga arrives here; `outcomeFrom`: only from that state. */
  readonly outcome?: 'paid' | 'confirmed' | 'failed' | 'cancelled' | 'refunded'
  readonly outcomeFrom?: SagaState
}
/** Declaration of a terminal state. Its requests begin another saga step: a refund of a confirmed order. */
export type Terminal<C> = StateRules<C>

/** Declaration of a state in progress: its step, the step's call, and the rule for each input. */
export interface InProgress<C, A extends InputType> extends StateRules<C> {
  /** The name of the step in the journal, the history and the metrics. */
  readonly step: Step
  readonly call: Call<C, A>
  /** The rule for each answer that the call can give. */
  readonly answers: { readonly [I in NoInfer<A>]: Rule<C, I> }
  /** When operators are alerted of repeated failures: always, or only if the callee answers with an error. */
  readonly mustSucceed?: 'always' | 'when answered'
  /** How long the call waits for a message that may make the call unnecessary. */
  readonly delay?: 'ticketsPatienceMs'
  /** It may last for days: no watcher waits for it. */
  readonly isUnwatched?: true
  /**
   * Where a fault test kills the process: before or after the call, in the commit that leaves the state, or
   * on arrival.
   */
  readonly crash?: { readonly [Moment in 'before' | 'after' | 'commit' | 'arrival']?: CrashPoint }
}

/** Declares a state in progress. An answer of its call that is missing in `answers` does not compile. */
export const state = <C, A extends InputType>(declared: InProgress<C, A>): InProgress<C, A> => declared

/** A declaration as stored in the table: call and rules take the state's own context. */
interface StoredDeclaration<C> extends Omit<InProgress<C, InputType>, 'answers'> {
  readonly answers: Rules<C, InputType>
}
export type Table = { readonly [S in SagaStateInProgress]: StoredDeclaration<Contexts[S]> } & {
  readonly [S in SagaStateTerminal]: Terminal<Contexts[S]>
}
/** The declaration of any state. */
export type Declaration = Terminal<SagaContext> & Partial<StoredDeclaration<SagaContext>>
