import { type OrderId, type ReservationId, type TicketId, ticketCancelled } from '@boxoffice/contracts'
import type { Append } from '@boxoffice/messaging'
import type { Tx } from '@boxoffice/service-kit'
import type { Released } from '../holds/commands.ts'
import { changeCounters } from '../holds/counter-repository.ts'
import { lockOrder } from '../reservations/locks.ts'
import { letGo } from '../reservations/release.ts'
import { lockReservationOfOrder } from '../reservations/reservation-repository.ts'
import type { StoredTicket } from '../tickets/ticket.ts'
import { cancelTickets, lockTicketsOfOrder } from '../tickets/ticket-repository.ts'
import { insertOutcome, replaceIssued } from './outcome-repository.ts'

export interface Cancellation {
  readonly orderId: OrderId
  /** Absent: the whole order, whose outcome then is CANCELLED, also when nothing was issued. */
  readonly ticketIds?: readonly TicketId[]
  readonly reason: string
  /** Cancel what is ACTIVE although others were used. */
  readonly force?: boolean
}

export type CancelResult =
  | { outcome: 'cancelled'; ticketIds: TicketId[]; changed: readonly StoredTicket[]; released: readonly Released[] }
  | { outcome: 'used'; ticketIds: TicketId[] }
  | { outcome: 'unknown'; ticketIds: TicketId[] }

/**
 * Cancel an order's tickets, all of those asked for or none. What was cancelled before counts as cancelled: repeated, the
 * answer is the same and nothing happens. Their places are free again; each is told of in a message.
 */
export function createCancel(deps: { append: Append }) {
  return async (tx: Tx, wish: Cancellation): Promise<CancelResult> => {
    await lockOrder(tx, wish.orderId)
    const tickets = await lockTicketsOfOrder(tx, wish.orderId)
    const wanted = new Set(wish.ticketIds ?? tickets.map(({ ticketId }) => ticketId))
    const targets = tickets.filter(({ ticketId }) => wanted.has(ticketId))
    const unknown = [...wanted].filter((id) => !targets.some(({ ticketId }) => ticketId === id))
    if (unknown.length > 0) return { outcome: 'unknown', ticketIds: unknown }
    const used = targets.filter(({ status }) => status === 'CHECKED_IN' || status === 'TRANSFERRED')
    if (used.length > 0 && !wish.force) return { outcome: 'used', ticketIds: idsOf(used) }

    const released = wish.ticketIds ? [] : await endOrder(tx, wish)
    const active = targets.filter(({ status }) => status === 'ACTIVE')
    const changed = await cancelTickets(tx, idsOf(active), wish.reason)
    await changeCounters(
      tx,
      changed.map(({ ticketTypeId }) => ({ ticketTypeId, held: 0, sold: -1 })),
    )
    for (const ticket of changed) await tell(tx, ticket, wish.reason)
    return { outcome: 'cancelled', ticketIds: idsOf(targets.filter((ticket) => !used.includes(ticket))), changed, released }
  }

  async function tell(tx: Tx, ticket: StoredTicket, reason: string): Promise<void> {
    const { ticketId, ticketNumber, ticketTypeId, orderId, userId, eventId, unitPrice, currency } = ticket
    await deps.append(
      tx,
      ticketCancelled,
      { ticketId, ticketNumber, ticketTypeId, orderId, userId, eventId, reason, unitPrice, currency },
      { aggregateVersion: ticket.version },
    )
  }
}
export type Cancel = ReturnType<typeof createCancel>

/** The order's outcome is CANCELLED, unless it was rejected; what it still holds for its payment goes. */
async function endOrder(tx: Tx, { orderId, reason }: Cancellation): Promise<Released[]> {
  const reservation = await lockReservationOfOrder(tx, orderId)
  const reservationId: ReservationId | null = reservation?.reservationId ?? null
  const standing = await insertOutcome(tx, orderId, 'CANCELLED', { reservationId, reason })
  if (standing?.outcome === 'ISSUED') await replaceIssued(tx, orderId, 'CANCELLED', reason)
  if (reservation?.status !== 'PAYING') return []
  await letGo(tx, reservation, 'PAYING')
  return [reservation]
}

const idsOf = (tickets: readonly StoredTicket[]) => tickets.map(({ ticketId }) => ticketId)
