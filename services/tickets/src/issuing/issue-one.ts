import { type OrderId, ticketsGenerated, ticketsRejected } from '@boxoffice/contracts'
import type { Append, AppendAll } from '@boxoffice/messaging'
import type { Tx } from '@boxoffice/service-kit'
import { findReplica } from '../event-replicas/replica-repository.ts'
import type { Expiry } from '../reservations/expire.ts'
import { lockOrder } from '../reservations/lock-repository.ts'
import { insertOutcome, type OrderOutcome, replaceIssued } from '../reservations/outcome-repository.ts'
import type { Releases } from '../reservations/release.ts'
import type { StoredReservation } from '../reservations/reservation.ts'
import { lockReservation } from '../reservations/reservation-repository.ts'
import { insertTickets, listTicketsOfOrder } from '../tickets/ticket-repository.ts'
import { findTypeNames } from '../types/type-repository.ts'
import { generatedMessages, newTicketsOf, sellSeatsOf } from './new-tickets.ts'
import type { IssueResult, PaidOrder, PaidOrderRequest, RejectionReason } from './paid-order.ts'
import { takePlaces } from './take-places.ts'

interface Deps {
  readonly append: Append
  readonly appendAll: AppendAll
  readonly expiry: Expiry
  readonly releases: Releases
  readonly newId: () => string
  readonly publicUrl: string
}

/** Issues or rejects a single order: one that lost its claim, or that may have an outcome already. */
export function createSingleIssuing(deps: Deps) {
  /** Returns the order's outcome; writes it if there is none. The order must be locked. */
  async function issueOne(tx: Tx, order: PaidOrderRequest): Promise<IssueResult> {
    const existing = await insertOutcome(tx, order.orderId, 'ISSUED', {
      reservationId: order.reservationId,
      reason: null,
    })
    if (existing) return answerOf(tx, order.orderId, existing)

    const reservation = await lockReservation(tx, order.reservationId)
    if (!reservation || reservation.userId !== order.userId)
      return reject(deps, tx, order, null, 'RESERVATION_NOT_FOUND')
    // Every charge follows a claim: without one, the reservation was held for another order.
    if (reservation.orderId !== order.orderId) return reject(deps, tx, order, reservation, 'NOT_CLAIMED')
    const replica = await findReplica(tx, reservation.eventId)
    if (!replica || replica.status === 'CANCELLED')
      return reject(deps, tx, order, reservation, 'EVENT_CANCELLED')
    if (!(await takePlaces(deps.expiry, tx, reservation)))
      return reject(deps, tx, order, reservation, 'INSUFFICIENT_INVENTORY')

    const made = newTicketsOf(order, reservation, deps.newId)
    const tickets = await insertTickets(tx, made)
    await sellSeatsOf(tx, reservation, made)
    const names = await findTypeNames(
      tx,
      reservation.items.map(({ ticketTypeId }) => ticketTypeId),
    )
    await deps.appendAll(
      tx,
      ticketsGenerated,
      generatedMessages({ order, reservation, venueId: replica.venueId }, tickets, names, deps.publicUrl),
    )
    return { outcome: 'ISSUED', tickets }
  }

  /** Rejects a paid order that can never be issued, unless it has an outcome. `why` is for operators. */
  async function giveUp(tx: Tx, order: PaidOrder, why: string): Promise<IssueResult> {
    await lockOrder(tx, order.orderId)
    const { orderId, reservationId } = order
    const existing = await insertOutcome(tx, orderId, 'ISSUED', { reservationId, reason: null })
    if (existing) return answerOf(tx, orderId, existing)
    const reservation = await lockReservation(tx, reservationId)
    const isTheirs = reservation?.userId === order.userId
    return reject(deps, tx, order, isTheirs ? reservation : null, 'CANNOT_BE_ISSUED', why)
  }

  return { issueOne, giveUp }
}

async function reject(
  deps: Deps,
  tx: Tx,
  order: PaidOrder,
  reservation: StoredReservation | null,
  reason: RejectionReason,
  detail?: string,
): Promise<IssueResult> {
  await replaceIssued(tx, order.orderId, 'REJECTED', reason)
  const isHeld = reservation?.status === 'PAYING' && reservation.orderId === order.orderId
  const released = isHeld && (await deps.releases.tryRelease(tx, reservation)) ? [reservation] : []
  const eventId = reservation?.eventId ?? order.eventId
  if (eventId) {
    const { orderId, userId, reservationId } = order
    const payload = { orderId, userId, eventId, reservationId, reason, ...(detail && { detail }) }
    await deps.append(tx, ticketsRejected, payload, { aggregateVersion: 1 })
  }
  return { outcome: 'REJECTED', reason, ...(detail && { detail }), released }
}

async function answerOf(tx: Tx, orderId: OrderId, { outcome, reason }: OrderOutcome): Promise<IssueResult> {
  if (outcome === 'ISSUED') return { outcome, tickets: await listTicketsOfOrder(tx, orderId) }
  return { outcome, reason: reason ?? '', released: [] }
}
