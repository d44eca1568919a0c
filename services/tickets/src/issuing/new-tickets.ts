import { inParts, type TicketId, type TicketTypeId } from '@boxoffice/contracts'
import type { Tx } from '@boxoffice/service-kit'
import { sellSeats } from '../holds/seat-claim-repository.ts'
import type { StoredReservation } from '../reservations/reservation.ts'
import { qrCodeUrl, type StoredTicket } from '../tickets/ticket.ts'
import type { NewTicket } from '../tickets/ticket-repository.ts'
import type { ClaimedOrder, PaidOrder } from './paid-order.ts'

/**
 * Returns the tickets of an order, numbered within each type; of a seated type one for each seat, in order.
 */
export function newTicketsOf(
  { orderId, userId, holderName }: PaidOrder,
  { eventId, currency, items }: StoredReservation,
  newId: () => string,
): NewTicket[] {
  return items.flatMap(({ ticketTypeId, quantity, unitPrice, seatIds }) =>
    Array.from({ length: quantity }, (_, index) => ({
      ...{
        ticketId: newId() as TicketId,
        orderId,
        ticketTypeId,
        eventId,
        userId,
        holderName,
        unitPrice,
        currency,
      },
      ordinal: index + 1,
      seatId: seatIds?.[index] ?? null,
    })),
  )
}

/** Marks the seats of an order's tickets as sold. */
export async function sellSeatsOf(
  tx: Tx,
  reservation: StoredReservation,
  tickets: readonly NewTicket[],
): Promise<void> {
  const sold = tickets.flatMap(({ seatId, ticketId }) => (seatId ? [{ seatId, ticketId }] : []))
  if (sold.length > 0) await sellSeats(tx, reservation, sold)
}

/** Returns the messages about an order's new tickets: several if there are many. */
export const generatedMessages = (
  { order: { orderId, userId, reservationId, origin }, reservation: { eventId }, venueId }: ClaimedOrder,
  tickets: readonly StoredTicket[],
  names: ReadonlyMap<TicketTypeId, string>,
  publicUrl: string,
) =>
  inParts(tickets.map((ticket) => generatedTicket(ticket, names, publicUrl))).map(({ things, ...part }) => ({
    payload: { orderId, userId, eventId, venueId, reservationId, ...part, tickets: things },
    aggregateVersion: 1,
    origin,
  }))

const generatedTicket = (
  { ticketId, ticketNumber, ticketTypeId, seat, unitPrice, currency, holderName, createdAt }: StoredTicket,
  names: ReadonlyMap<TicketTypeId, string>,
  publicUrl: string,
) => ({
  ticketId,
  ticketNumber,
  qrCode: qrCodeUrl(publicUrl, ticketId),
  ticketTypeId,
  ticketTypeName: names.get(ticketTypeId) ?? '',
  ...(seat && { seat }),
  unitPrice,
  currency,
  holderName,
  createdAt,
})
