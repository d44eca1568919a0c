import {
  type OrderId,
  type RefundId,
  type ReservationId,
  type TicketId,
  ticketCancelled,
} from '@boxoffice/contracts'
import type { AppendAll } from '@boxoffice/messaging'
import type { Tx } from '@boxoffice/service-kit'
import type { Released } from '../holds/commands.ts'
import { changeCounters } from '../holds/counter-repository.ts'
import { type FreedSeat, unsellSeats } from '../holds/seat-claim-repository.ts'
import { lockOrder } from '../reservations/lock-repository.ts'
import { insertOutcome, replaceIssued } from '../reservations/outcome-repository.ts'
import type { Releases } from '../reservations/release.ts'
import { lockReservationOfOrder } from '../reservations/reservation-repository.ts'
import type { StoredTicket } from '../tickets/ticket.ts'
import { cancelTickets, lockTicketsOfOrder, markRefunded } from '../tickets/ticket-repository.ts'
import { endTransfersOf } from '../transfers/transfer-repository.ts'
import { type Sold, selectTickets, soldOf } from './selection.ts'

export interface Cancellation {
  readonly orderId: OrderId
  /**
   * As they were issued. Absent: the whole order, whose outcome then is CANCELLED, also when nothing was
   * issued.
   */
  readonly ticketIds?: readonly TicketId[]
  readonly reason: string
  /** Whose money this gives back: remembered on each ticket, once, ever. */
  readonly refundId?: RefundId
  /** Cancel what is ACTIVE although others were used or are another's now. */
  readonly force?: boolean
}

export type CancelResult =
  | {
      outcome: 'cancelled'
      /** As they were issued: those that this cancels or gives the price of back. */
      tickets: readonly StoredTicket[]
      /** Those that were valid until now. */
      changed: readonly StoredTicket[]
      freed: readonly FreedSeat[]
      released: readonly Released[]
    }
  | { outcome: 'used' | 'unknown'; ticketIds: readonly TicketId[] }

/**
 * Cancel an order's tickets: all of those asked for or none, unless forced. What is cancelled does not admit
 * any more, its place is free again, and a message tells of it. With force, a ticket that was admitted stays
 * admitted, but its refund is remembered. Repeated (with the same refund), the answer is the same and nothing
 * happens.
 */
export function createCancel(deps: { appendAll: AppendAll; releases: Releases }) {
  return async (tx: Tx, request: Cancellation): Promise<CancelResult> => {
    await lockOrder(tx, request.orderId)
    const sold = soldOf(await lockTicketsOfOrder(tx, request.orderId))
    const selection = selectTickets(sold, request)
    if (selection.outcome !== 'selected') return selection
    const tickets = selection.selected.map(({ issued }) => issued)
    if (selection.repeated) return { outcome: 'cancelled', tickets, changed: [], freed: [], released: [] }

    const released = request.ticketIds ? [] : await endOrder(deps.releases, tx, request)
    const { changed, freed } = await cancel(tx, selection.selected, request.reason)
    if (request.refundId) await markRefunded(tx, idsOf(tickets), request.refundId)
    await tell(tx, changed, request.reason)
    return { outcome: 'cancelled', tickets, changed, freed, released }
  }

  async function tell(tx: Tx, tickets: readonly StoredTicket[], reason: string): Promise<void> {
    const messages = tickets.map(
      ({
        ticketId,
        ticketNumber,
        ticketTypeId,
        orderId,
        userId,
        eventId,
        unitPrice,
        currency,
        version: aggregateVersion,
      }) => ({
        payload: {
          ticketId,
          ticketNumber,
          ticketTypeId,
          orderId,
          userId,
          eventId,
          reason,
          unitPrice,
          currency,
        },
        aggregateVersion,
      }),
    )
    await deps.appendAll(tx, ticketCancelled, messages)
  }
}
export type Cancel = ReturnType<typeof createCancel>

/** ACTIVE → CANCELLED for whoever holds these tickets now; their places are free. */
async function cancel(tx: Tx, sold: readonly Sold[], reason: string) {
  const active = sold.flatMap(({ present }) => (present.status === 'ACTIVE' ? [present] : []))
  const changed = await cancelTickets(tx, idsOf(active), reason)
  await endTransfersOf(tx, idsOf(changed))
  await changeCounters(
    tx,
    changed.map(({ ticketTypeId }) => ({ ticketTypeId, held: 0, sold: -1 })),
  )
  const freed = await unsellSeats(
    tx,
    changed.map(({ rootTicketId }) => rootTicketId),
  )
  return { changed, freed }
}

/** The order's outcome is CANCELLED, unless it was rejected; what it still holds for its payment goes. */
async function endOrder(releases: Releases, tx: Tx, { orderId, reason }: Cancellation): Promise<Released[]> {
  const reservation = await lockReservationOfOrder(tx, orderId)
  const reservationId: ReservationId | null = reservation?.reservationId ?? null
  const standing = await insertOutcome(tx, orderId, 'CANCELLED', { reservationId, reason })
  if (standing?.outcome === 'ISSUED') await replaceIssued(tx, orderId, 'CANCELLED', reason)
  if (reservation?.status !== 'PAYING') return []
  return (await releases.letGoIfPossible(tx, reservation)) ? [reservation] : []
}

const idsOf = (tickets: readonly StoredTicket[]) => tickets.map(({ ticketId }) => ticketId)
