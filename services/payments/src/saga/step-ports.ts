import type { ticketsInternalRoutes } from '@boxoffice/contracts'
import type { Client, CrashAt } from '@boxoffice/service-kit'
import type { Gateway } from '../gateway/gateway.ts'
import type { SagaInput } from './saga.ts'

/**
 * What a step came to: an input for the table, or nothing yet. `soon`: nothing was sent, because of a limit
 * of our own, and it will be our turn in a moment. `failing`: undoing does not succeed.
 */
export type StepResult = { input: SagaInput } | { again: string; soon?: boolean; failing?: boolean }

export interface StepPorts {
  tickets: Client<typeof ticketsInternalRoutes>
  gateway: Gateway
  isEventCancelled(eventId: string): Promise<boolean>
  /** Whether a movement of money stands in our ledger. */
  isBooked(reference: string): Promise<boolean>
  crashAt: CrashAt
  now: () => Date
  newId: () => string
  /** How long an outcome may stay unknown, in milliseconds. */
  unknownLimitMs: number
}

/** Stripe forgets keys after 24 h: from then on we look before we act. */
export const KEY_LIFE_MS = 23 * 3_600_000

/** A limit of our own: nothing was sent, and it is our turn in a moment. */
export const isOwnLimit = (reason: string) => reason === 'BULKHEAD_FULL' || reason === 'RATE_LIMITED'
