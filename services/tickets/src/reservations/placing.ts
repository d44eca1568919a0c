import type { EventId, SeatId, TicketTypeId } from '@boxoffice/contracts'
import type { SeatedLine } from '../holds/commands.ts'
import type { Plan } from '../plans/plan.ts'
import type { ReservationRequest } from './reservation-request.ts'
import type { ReserveResult } from './reserve-result.ts'

/** A request with its seats; `plan` where the event has one. */
export interface SeatedRequest {
  readonly request: ReservationRequest
  readonly lines: readonly SeatedLine[]
  readonly plan: Plan | null
}

/** STANDING: a reservation with the request's id is there already. */
export type WriteResult = ReserveResult | 'STANDING'

/** What became of a request in its group. */
export interface Placed {
  readonly result: WriteResult
  /** Who said so: Redis, which refuses without asking the database, or the database. */
  readonly by: 'Redis' | 'database'
  /** Holds that are over may be in the way. */
  readonly mayBeOver: boolean
  /** When Redis knows. */
  readonly told: Promise<unknown>
}

/** What became of a request that has nothing in its way any more. */
export type Settled = Pick<Placed, 'by'> & { readonly result: ReserveResult }

/** What stands in the way of a buyer: holds of these types, and holds of these seats. */
export interface InTheWay {
  readonly eventId: EventId
  readonly ticketTypeIds: readonly TicketTypeId[]
  readonly seatIds: readonly SeatId[]
}

/** Holds requests in Redis and in the database. */
export interface Holding {
  /** Hold one together with those that come at the same time. */
  place(seated: SeatedRequest): Promise<Settled>
  /** Hold several of one event, in their order. */
  placeAll(seated: readonly SeatedRequest[]): Promise<Placed[]>
  /** What became of one in its group, where it is tried again once holds that are over are out of its way. */
  settle(seated: SeatedRequest, first: Placed): Promise<Settled>
  /** What one is answered that was asked before; null when it was not. */
  repeat(request: ReservationRequest): Promise<ReserveResult | null>
  /** Whether holds that are over were in the way; they are not any more. */
  takeOver(wanted: InTheWay): Promise<boolean>
}
