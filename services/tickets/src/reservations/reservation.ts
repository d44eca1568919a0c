import {
  type Minor,
  type Reservation,
  type ReservationStatus,
  type SeatId,
  sum,
  type TicketTypeId,
  times,
} from '@boxoffice/contracts'
import type { ReservationRow } from '../rows.ts'

/** A line of a reservation at the price of when it was made. */
export interface ReservedItem {
  readonly ticketTypeId: TicketTypeId
  readonly quantity: number
  readonly unitPrice: Minor
  /** In plan order; null for general admission. */
  readonly seatIds: readonly SeatId[] | null
}

/**
 * A stored reservation. `heldAt`: when it was made. `remainingMs` is by the database's clock, negative once
 * expired.
 */
export interface StoredReservation
  extends Pick<
    ReservationRow,
    'reservationId' | 'userId' | 'eventId' | 'currency' | 'expiresAt' | 'orderId'
  > {
  readonly status: ReservationStatus
  readonly remainingMs: number
  readonly heldAt: Date
  readonly items: readonly ReservedItem[]
}

/** Returns whether it may still be claimed. */
export const isOpen = (reservation: StoredReservation) =>
  reservation.status === 'ACTIVE' && reservation.remainingMs > 0

/** Returns whether it holds its places, expired or not. */
export const isLive = ({ status }: StoredReservation) => status === 'ACTIVE' || status === 'PAYING'

export const ticketCount = (items: readonly ReservedItem[]) =>
  items.reduce((total, { quantity }) => total + quantity, 0)

/**
 * Maps a reservation to the API: an overdue one is EXPIRED, swept or not. `holdMaxSeconds` is the longest
 * that it can last, extensions included.
 */
export function reservationView(
  reservation: StoredReservation,
  { holdMaxSeconds }: { holdMaxSeconds: number },
): Reservation {
  const { heldAt, expiresAt } = reservation
  const extendableUntil = new Date(Math.max(heldAt.getTime() + holdMaxSeconds * 1_000, expiresAt.getTime()))
  const tickets = reservation.items.map(({ ticketTypeId, quantity, unitPrice, seatIds }) => ({
    ticketTypeId,
    quantity,
    unitPrice,
    totalPrice: times(unitPrice, quantity),
    ...(seatIds && { seatIds: [...seatIds] }),
  }))
  return {
    reservationId: reservation.reservationId,
    userId: reservation.userId,
    reserved: true,
    eventId: reservation.eventId,
    status: reservation.status === 'ACTIVE' && !isOpen(reservation) ? 'EXPIRED' : reservation.status,
    expiresAt: reservation.expiresAt,
    ...(isOpen(reservation) && { extendableUntil }),
    ticketRequests: tickets.map(({ ticketTypeId, quantity, seatIds }) => ({
      ticketTypeId,
      quantity,
      ...(seatIds && { seatIds }),
    })),
    tickets,
    totalAmount: sum(tickets.map(({ totalPrice }) => totalPrice)),
    currency: reservation.currency,
  }
}
