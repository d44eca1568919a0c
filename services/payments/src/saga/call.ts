import type { OrderId, ticketsInternalRoutes } from '@boxoffice/contracts'
import type { Client } from '@boxoffice/service-kit'
import type { Gateway } from '../gateway/gateway.ts'
import type { InputOf, InputType } from './input.ts'

/**
 * The result of a step: an input for the saga, or a retry. `soon`: a limit of our own refused the call, and
 * capacity frees up in a moment. `failing`: the step must succeed but did not.
 */
export type StepResult<A extends InputType = InputType> = { input: InputOf<A> } | Again
export interface Again {
  again: string
  soon?: boolean
  failing?: boolean
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

/** Refused by a limit of our own: nothing was sent, and capacity frees up in a moment. */
export const isOwnLimit = (reason: string) => reason === 'BULKHEAD_FULL' || reason === 'RATE_LIMITED'
