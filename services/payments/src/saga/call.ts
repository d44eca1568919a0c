import type { OrderId, ticketsInternalRoutes } from '@boxoffice/contracts'
import type { Client } from '@boxoffice/service-kit'
import type { Gateway } from '../gateway/gateway.ts'
import type { InputOf, InputType } from './input.ts'

/** The result of a step: an input for the saga, or a retry. */
export type StepResult<A extends InputType = InputType> = { input: InputOf<A> } | Retry
export interface Retry {
  retryReason: string
  /** A limit of our own refused the call: nothing was sent, and capacity frees up in a moment. */
  isOwnLimit?: boolean
  /** The step must succeed but did not. */
  isFailure?: boolean
}

/** What calls need. */
export interface CallPorts {
  tickets: Client<typeof ticketsInternalRoutes>
  gateway: Gateway
  isEventCancelled(eventId: string): Promise<boolean>
  /** Whether a movement of money is booked in our ledger. */
  isBooked(reference: string): Promise<boolean>
  now: () => Date
  newId: () => string
  /** How long an outcome may stay unknown, in milliseconds. */
  unknownLimitMs: number
}
/** The saga that a call is made for. */
export interface Calling<C> {
  readonly orderId: OrderId
  readonly context: C
  readonly attempts: number
  readonly createdAt: Date
  /** Whether its event was read in the commit just before, and was not cancelled. */
  readonly isEventSeen?: boolean
}
/** The remote call of a state. It carries our ids and keys, so that repeating it is safe. */
export type Call<C, A extends InputType> = (ports: CallPorts, saga: Calling<C>) => Promise<StepResult<A>>

/** Stripe forgets keys after 24 h; from then on, look up before acting. */
export const KEY_LIFE_MS = 23 * 3_600_000

/** Returns whether a limit of our own refused a call, by the reason. */
export const isOwnLimit = (reason: string) => reason === 'BULKHEAD_FULL' || reason === 'RATE_LIMITED'
