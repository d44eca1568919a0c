import type { SagaState, SagaStateInProgress, SagaStateTerminal } from '@boxoffice/contracts'
import type { CrashPoint } from '@boxoffice/service-kit'
import type { Call } from './call.ts'
import type { InputType, RequestType } from './input.ts'
import type { Contexts, SagaContext } from './saga.ts'
import type { Rule } from './transition.ts'

export type Step = 'QUEUE' | 'RESERVE' | 'CHARGE' | 'RELEASE' | 'ISSUE' | 'CANCEL_TICKETS' | 'REFUND'
type Rules<C, I extends InputType> = { readonly [K in I]?: Rule<C, K> }

/** What is true of a state in which nothing is left to do. */
export interface Terminal<C> {
  /** What may be requested. Other requests are refused. */
  readonly requests?: Rules<C, RequestType>
  /**
   * What may be reported, unasked: by the gateway, by who refunds cancelled events, by a driver that gives
   * up.
   */
  readonly reports?: Rules<C, 'CHARGED' | 'REFUNDED_ELSEWHERE' | 'EVENT_CANCELLED' | 'ISSUE_GIVEN_UP'>
  /** What may come late or twice, and changes nothing. */
  readonly late?: readonly InputType[]
  /** What an order has come to when its saga gets here; `outcomeFrom`: from there alone. */
  readonly outcome?: 'paid' | 'confirmed' | 'failed' | 'cancelled' | 'refunded'
  readonly outcomeFrom?: SagaState
}
/**
 * What is true of a state in progress: its step, the call that the step makes, and what follows from what
 * may come.
 */
export interface InProgress<C, A extends InputType> extends Terminal<C> {
  /** The name of the step in the journal, the history and the figures. */
  readonly step: Step
  readonly call: Call<C, A>
  /** What follows from each answer that the call can give. */
  readonly answers: { readonly [I in NoInfer<A>]: Rule<C, I> }
  /** Operators are alerted when it keeps failing: always, or where an error is the callee's answer. */
  readonly mustSucceed?: 'always' | 'when answered'
  /** The call waits so long for a message that may make it needless. */
  readonly rest?: 'ticketsPatienceMs'
  /** It may last for days: no one watches an order for it. */
  readonly isUnwatched?: true
  /**
   * Where a fault test kills the process: around the call, in the commit that leaves the state, on its
   * arrival.
   */
  readonly crash?: { readonly [Moment in 'before' | 'after' | 'commit' | 'arrival']?: CrashPoint }
}

/** Declares a state in progress. An answer of its call that is not among `answers` does not compile. */
export const state = <C, A extends InputType>(declared: InProgress<C, A>): InProgress<C, A> => declared

/** A declaration as a table holds it: the call and the rules are those of the state's own context. */
interface Held<C> extends Omit<InProgress<C, InputType>, 'answers'> {
  readonly answers: Rules<C, InputType>
}
export type Table = { readonly [S in SagaStateInProgress]: Held<Contexts[S]> } & {
  readonly [S in SagaStateTerminal]: Terminal<Contexts[S]>
}
/** A declaration, whichever state it is of. */
export type Declaration = Terminal<SagaContext> & Partial<Held<SagaContext>>
