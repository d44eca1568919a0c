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
   * Ids as originally issued. If absent, the whole order is cancelled, and its outcome is CANCELLED even if
   * nothing was issued.
   */
  readonly ticketIds?: readonly TicketId[]
  readonly reason: string
  /** The refund that pays for these tickets back; stored on each ticket once and never changed. */
  readonly refundId?: RefundId
  /** Cancels the ACTIVE tickets even if others were used or belong to another user now. */
  readonly force?: boolean
}

export type CancelResult =
  | {
      outcome: 'cancelled'
      /** As originally issued: the tickets that this cancels or refunds. */
      tickets: readonly StoredTicket[]
      /** The tickets that were valid until now. */
      changed: readonly StoredTicket[]
      freed: readonly FreedSeat[]
      released: readonly Released[]
    }
  | { outcome: 'used' | 'unknown'; ticketIds: readonly TicketId[] }

/**
 * Cancels an order's tickets, all that are requested or none, unless forced. A cancelled ticket no longer
 * admits, its place is free, and a message is published. With `force`, a used ticket stays used but stores
 * its refund. Repeating a request (with the same refund) returns the same answer and changes nothing.
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
    await publish(tx, changed, request.reason)
    return { outcome: 'cancelled', tickets, changed, freed, released }
  }

  async function publish(tx: Tx, tickets: readonly StoredTicket[], reason: string): Promise<void> {
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

/** Cancels the ACTIVE tickets, whoever holds them now, and frees their places. */
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

/**
 * Sets the order's outcome to CANCELLED unless it was rejected, and releases its claim if it still has one.
 */
async function endOrder(releases: Releases, tx: Tx, { orderId, reason }: Cancellation): Promise<Released[]> {
  const reservation = await lockReservationOfOrder(tx, orderId)
  const reservationId: ReservationId | null = reservation?.reservationId ?? null
  const existing = await insertOutcome(tx, orderId, 'CANCELLED', { reservationId, reason })
  if (existing?.outcome === 'ISSUED') await replaceIssued(tx, orderId, 'CANCELLED', reason)
  if (reservation?.status !== 'PAYING') return []
  return (await releases.tryRelease(tx, reservation)) ? [reservation] : []
}

const idsOf = (tickets: readonly StoredTicket[]) => tickets.map(({ ticketId }) => ticketId)
