import type { EventId, OrderId, ReservationId, UserId, VenueId } from '@boxoffice/contracts'
import type { MessageOrigin } from '@boxoffice/messaging'
import type { Released } from '../holds/commands.ts'
import type { Outcome } from '../reservations/outcome-repository.ts'
import type { StoredReservation } from '../reservations/reservation.ts'
import type { StoredTicket } from '../tickets/ticket.ts'

/** An order whose payment has succeeded. */
export interface PaidOrder {
  readonly orderId: OrderId
  readonly reservationId: ReservationId
  readonly userId: UserId
  readonly holderName: string
  /** If the caller knows it: rejecting an unknown reservation needs it. */
  readonly eventId: EventId | null
}

/** A paid order with the request or message that asks for its tickets. */
export type PaidOrderRequest = PaidOrder & { readonly origin: MessageOrigin }

/** A paid order whose places are still claimed for it. */
export interface ClaimedOrder {
  readonly order: PaidOrderRequest
  readonly reservation: StoredReservation
  readonly venueId: VenueId
}

/** The result of issuing an order; `released`: reservations whose places are free again. */
export type IssueResult =
  | { outcome: 'ISSUED'; tickets: readonly StoredTicket[] }
  | { outcome: Exclude<Outcome, 'ISSUED'>; reason: string; detail?: string; released: readonly Released[] }

/**
 * Why a paid order cannot be honoured. NOT_CLAIMED: its reservation was never held for it. CANNOT_BE_ISSUED:
 * every attempt would fail alike.
 */
export type RejectionReason =
  | 'RESERVATION_NOT_FOUND'
  | 'NOT_CLAIMED'
  | 'EVENT_CANCELLED'
  | 'INSUFFICIENT_INVENTORY'
  | 'CANNOT_BE_ISSUED'
