import type { OrderId, ticketsInternalRoutes } from '@boxoffice/contracts'
import type { Client } from '@boxoffice/service-kit'
import type { Gateway } from '../gateway/gateway.ts'
import type { InputOf, InputType } from './input.ts'

/**
 * What a step came to: an answer for the table, or nothing yet. `soon`: nothing was sent, because of a limit
 * of our own, and it will be our turn in a moment. `failing`: what must succeed does not.
 */
export type StepResult<A extends InputType = InputType> = { input: InputOf<A> } | Again
export interface Again {
  again: string
  soon?: boolean
  failing?: boolean
}

/** What a call is made with. */
export interface CallPorts {
  tickets: Client<typeof ticketsInternalRoutes>
  gateway: Gateway
  isEventCancelled(eventId: string): Promise<boolean>
  /** Whether a movement of money stands in our ledger. */
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
  /** Its event was read in the commit that brought it here, a moment ago: it was not cancelled. */
  readonly isEventSeen?: boolean
}
/** The remote call of a state. It carries ids and keys of ours: making it again changes nothing. */
export type Call<C, A extends InputType> = (ports: CallPorts, saga: Calling<C>) => Promise<StepResult<A>>

/** Stripe forgets keys after 24 h: from then on we look before we act. */
export const KEY_LIFE_MS = 23 * 3_600_000

/** A limit of our own: nothing was sent, and it is our turn in a moment. */
export const isOwnLimit = (reason: string) => reason === 'BULKHEAD_FULL' || reason === 'RATE_LIMITED'
