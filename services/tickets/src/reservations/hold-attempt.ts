import type { EventId, SeatId, TicketTypeId } from '@boxoffice/contracts'
import type { SeatedLine } from '../holds/commands.ts'
import type { Plan } from '../plans/plan.ts'
import type { ReservationRequest } from './reservation-request.ts'
import type { ReserveResult } from './reserve-result.ts'

/** A request with its seats; `plan` if the event has one. */
export interface SeatedRequest {
  readonly request: ReservationRequest
  readonly lines: readonly SeatedLine[]
  readonly plan: Plan | null
}

/** EXISTING: a reservation with the request's id exists already. */
export type WriteResult = ReserveResult | 'EXISTING'

/** One attempt to hold the places of a request, within its group. */
export interface HoldAttempt {
  readonly result: WriteResult
  /** Which store decided: Redis, which refuses without a query, or the database. */
  readonly decidedBy: 'Redis' | 'database'
  /** Expired holds may be in the way. */
  readonly mayHaveExpired: boolean
  /** Resolves when the availability cache shows the result. */
  readonly cacheUpdated: Promise<unknown>
}

/** The final result of a request, after expired holds in its way were removed. */
export type HoldDecision = Pick<HoldAttempt, 'decidedBy'> & { readonly result: ReserveResult }

/** The places that a buyer wants: any of these types, and these seats. */
export interface WantedPlaces {
  readonly eventId: EventId
  readonly ticketTypeIds: readonly TicketTypeId[]
  readonly seatIds: readonly SeatId[]
}

/** Holds places in Redis and in the database. */
export interface Holds {
  /** Holds the places of one request, grouped with those that arrive at the same time. */
  hold(seated: SeatedRequest): Promise<HoldDecision>
  /** Attempts to hold the places of several requests of one event, in order, without retries. */
  attemptAll(seated: readonly SeatedRequest[]): Promise<HoldAttempt[]>
  /** Decides a request after its first attempt; retries if expired holds were in its way. */
  decide(seated: SeatedRequest, first: HoldAttempt): Promise<HoldDecision>
  /** Returns the answer to an earlier request with the same id; null if there was none. */
  replay(request: ReservationRequest): Promise<ReserveResult | null>
  /** Expires overdue holds of these places; returns whether there were any. */
  expireHolds(wanted: WantedPlaces): Promise<boolean>
}
