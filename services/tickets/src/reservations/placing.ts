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

/** The result of a request within its group. */
export interface Placed {
  readonly result: WriteResult
  /** Which store decided: Redis, which refuses without a query, or the database. */
  readonly by: 'Redis' | 'database'
  /** Expired holds may be in the way. */
  readonly mayHaveExpired: boolean
  /** Resolves when the availability cache shows the result. */
  readonly cacheUpdated: Promise<unknown>
}

/** The final result of a request, after expired holds in its way were removed. */
export type Resolved = Pick<Placed, 'by'> & { readonly result: ReserveResult }

/** The places that a buyer wants: any of these types, and these seats. */
export interface WantedPlaces {
  readonly eventId: EventId
  readonly ticketTypeIds: readonly TicketTypeId[]
  readonly seatIds: readonly SeatId[]
}

/** Holds places in Redis and in the database. */
export interface Holding {
  /** Holds one request, grouped with those that arrive at the same time. */
  place(seated: SeatedRequest): Promise<Resolved>
  /** Holds several requests of one event, in order. */
  placeAll(seated: readonly SeatedRequest[]): Promise<Placed[]>
  /** Resolves a grouped result, retrying after expired holds in its way were removed. */
  resolve(seated: SeatedRequest, first: Placed): Promise<Resolved>
  /** Returns the answer to an earlier request with the same id; null if there was none. */
  repeat(request: ReservationRequest): Promise<ReserveResult | null>
  /** Expires overdue holds of these places; returns whether there were any. */
  expireHolds(wanted: WantedPlaces): Promise<boolean>
}
