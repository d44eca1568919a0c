import { ticketsGenerated } from '@boxoffice/contracts'
import type { AppendAll } from '@boxoffice/messaging'
import { sideBySide, type Tx } from '@boxoffice/service-kit'
import { changeCounters } from '../holds/counter-repository.ts'
import { moveReservations } from '../reservations/reservation-repository.ts'
import type { StoredTicket } from '../tickets/ticket.ts'
import { insertTickets } from '../tickets/ticket-repository.ts'
import { findTypeNames } from '../types/type-repository.ts'
import { generatedMessages, newTicketsOf, sellSeatsOf } from './new-tickets.ts'
import type { ClaimedOrder, PaidOrder } from './paid-order.ts'

/** Issues the tickets of claimed orders together, with as many statements as for one. */
export function createClaimIssuing(deps: { appendAll: AppendAll; newId: () => string; publicUrl: string }) {
  return async (tx: Tx, claims: readonly ClaimedOrder[]): Promise<Map<PaidOrder, StoredTicket[]>> => {
    if (claims.length === 0) return new Map()
    const made = claims.map(({ order, reservation }) => newTicketsOf(order, reservation, deps.newId))
    const items = claims.flatMap(({ reservation }) => reservation.items)
    const reservationIds = claims.map(({ reservation }) => reservation.reservationId)
    const [written, names] = await sideBySide([
      insertTickets(tx, made.flat()),
      findTypeNames(tx, [...new Set(items.map(({ ticketTypeId }) => ticketTypeId))]),
      moveReservations(tx, reservationIds, 'PAYING', 'COMPLETED'),
    ])
    const ofOrder = Map.groupBy(written, ({ orderId }) => orderId)
    const messages = claims.flatMap((claim) =>
      generatedMessages(claim, ofOrder.get(claim.order.orderId) ?? [], names, deps.publicUrl),
    )
    await deps.appendAll(tx, ticketsGenerated, messages)
    const [general = [], seated = []] = [false, true].map((isSeated) =>
      items
        .filter(({ seatIds }) => (seatIds !== null) === isSeated)
        .map(({ ticketTypeId, quantity }) => ({ ticketTypeId, held: -quantity, sold: quantity })),
    )
    // The counters, which all transactions compete for, come last and in the order in which all lock them.
    await sideBySide([
      changeCounters(tx, general),
      ...claims.map(({ reservation }, index) => sellSeatsOf(tx, reservation, made[index] ?? [])),
      changeCounters(tx, seated),
    ])
    return new Map(claims.map(({ order }) => [order, ofOrder.get(order.orderId) ?? []]))
  }
}
