import {
  type EventId,
  inParts,
  type OrderId,
  type ReservationId,
  type TicketId,
  type TicketTypeId,
  ticketsGenerated,
  ticketsRejected,
  type UserId,
} from '@boxoffice/contracts'
import type { Append, AppendAll } from '@boxoffice/messaging'
import type { CrashAt, Tx } from '@boxoffice/service-kit'
import { findPicture } from '../event-pictures/picture-repository.ts'
import type { Released } from '../holds/commands.ts'
import { changeCounters, listCounters, lockGeneralCounters, suffice } from '../holds/counter-repository.ts'
import type { RedisPicture } from '../holds/redis-picture.ts'
import { claimSeats, sellSeats } from '../holds/seat-claim-repository.ts'
import { type Expiry, inTheWayOf } from '../reservations/expire.ts'
import { lockOrder } from '../reservations/locks.ts'
import type { Releases } from '../reservations/release.ts'
import type { StoredReservation } from '../reservations/reservation.ts'
import { lockReservation, moveReservation } from '../reservations/reservation-repository.ts'
import { qrCodeUrl, type StoredTicket } from '../tickets/ticket.ts'
import { insertTickets, listTicketsOfOrder } from '../tickets/ticket-repository.ts'
import { findTypeNames } from '../types/type-repository.ts'
import { insertOutcome, type OrderOutcome, type Outcome, replaceIssued } from './outcome-repository.ts'

export interface PaidOrder {
  readonly orderId: OrderId
  readonly reservationId: ReservationId
  readonly userId: UserId
  readonly holderName: string
  /** Where the caller knows it: the rejection of a reservation that we do not know needs it. */
  readonly eventId: EventId | null
}

export type IssueResult =
  | { outcome: 'ISSUED'; tickets: readonly StoredTicket[] }
  /** `released`: what the order held is free. */
  | { outcome: Exclude<Outcome, 'ISSUED'>; reason: string; detail?: string; released: readonly Released[] }

/** Show in Redis what became of a paid order. */
export async function showIssued(
  redisPicture: Pick<RedisPicture, 'sell' | 'release'>,
  { reservationId }: Pick<PaidOrder, 'reservationId'>,
  result: IssueResult,
): Promise<void> {
  if (result.outcome !== 'ISSUED') return redisPicture.release(result.released)
  const [ticket] = result.tickets
  if (ticket) await redisPicture.sell([{ eventId: ticket.eventId, reservationId }])
}

/**
 * Why a paid order cannot be honoured. NOT_CLAIMED: its reservation was never held for it. CANNOT_BE_ISSUED: every attempt would fail
 * alike.
 */
export type RejectionReason =
  | 'RESERVATION_NOT_FOUND'
  | 'NOT_CLAIMED'
  | 'EVENT_CANCELLED'
  | 'INSUFFICIENT_INVENTORY'
  | 'CANNOT_BE_ISSUED'

/**
 * Tickets for a paid order, once: `PAYMENT_COMPLETED` and `confirm-purchase` both come here. The order's outcome is written
 * first; where one stands already, it is the answer and nothing happens. A claim becomes sold. Where it is lost, the places
 * are taken again if they are free. Else the order is rejected, and the payment service gives the money back.
 */
export function createIssuing(deps: {
  append: Append
  appendAll: AppendAll
  expiry: Expiry
  releases: Releases
  crashAt: CrashAt
  newId: () => string
  publicUrl: string
}) {
  async function issue(tx: Tx, order: PaidOrder): Promise<IssueResult> {
    await lockOrder(tx, order.orderId)
    const standing = await insertOutcome(tx, order.orderId, 'ISSUED', { reservationId: order.reservationId, reason: null })
    if (standing) return answerOf(tx, order.orderId, standing)

    const reservation = await lockReservation(tx, order.reservationId)
    if (!reservation || reservation.userId !== order.userId) return reject(tx, order, null, 'RESERVATION_NOT_FOUND')
    // A claim comes before every charge: without one this is not the order that the reservation was held for.
    if (reservation.orderId !== order.orderId) return reject(tx, order, reservation, 'NOT_CLAIMED')
    const picture = await findPicture(tx, reservation.eventId)
    if (!picture || picture.status === 'CANCELLED') return reject(tx, order, reservation, 'EVENT_CANCELLED')
    if (!(await takePlaces(deps.expiry, tx, reservation))) return reject(tx, order, reservation, 'INSUFFICIENT_INVENTORY')

    for (const item of reservation.items) {
      const ticketIds = Array.from({ length: item.quantity }, () => deps.newId() as TicketId)
      const { eventId, currency } = reservation
      await insertTickets(tx, { ...order, ...item, eventId, currency }, ticketIds, item.seatIds)
      const sold = (item.seatIds ?? []).map((seatId, index) => ({ seatId, ticketId: ticketIds[index] as TicketId }))
      if (sold.length > 0) await sellSeats(tx, reservation, sold)
    }
    const tickets = await listTicketsOfOrder(tx, order.orderId)
    const names = await findTypeNames(
      tx,
      reservation.items.map(({ ticketTypeId }) => ticketTypeId),
    )
    const { orderId, userId, reservationId } = order
    const { eventId, venueId } = picture
    const messages = inParts(tickets.map((ticket) => generated(ticket, names))).map(({ things, ...part }) => ({
      payload: { orderId, userId, eventId, venueId, reservationId, ...part, tickets: things },
      aggregateVersion: 1,
    }))
    await deps.appendAll(tx, ticketsGenerated, messages)
    deps.crashAt('issue.before-commit')
    return { outcome: 'ISSUED', tickets }
  }

  async function reject(
    tx: Tx,
    order: PaidOrder,
    reservation: StoredReservation | null,
    reason: RejectionReason,
    detail?: string,
  ): Promise<IssueResult> {
    await replaceIssued(tx, order.orderId, 'REJECTED', reason)
    const isHeld = reservation?.status === 'PAYING' && reservation.orderId === order.orderId
    const released = isHeld && (await deps.releases.letGoIfPossible(tx, reservation)) ? [reservation] : []
    const eventId = reservation?.eventId ?? order.eventId
    if (eventId) {
      const { orderId, userId, reservationId } = order
      const payload = { orderId, userId, eventId, reservationId, reason, ...(detail && { detail }) }
      await deps.append(tx, ticketsRejected, payload, { aggregateVersion: 1 })
    }
    return { outcome: 'REJECTED', reason, ...(detail && { detail }), released }
  }

  /** What becomes of a paid order whose issue can never succeed: `why` is for operators. An outcome that stands already is the answer. */
  async function giveUp(tx: Tx, order: PaidOrder, why: string): Promise<IssueResult> {
    await lockOrder(tx, order.orderId)
    const { orderId, reservationId } = order
    const standing = await insertOutcome(tx, orderId, 'ISSUED', { reservationId, reason: null })
    if (standing) return answerOf(tx, orderId, standing)
    const reservation = await lockReservation(tx, reservationId)
    const isTheirs = reservation?.userId === order.userId
    return reject(tx, order, isTheirs ? reservation : null, 'CANNOT_BE_ISSUED', why)
  }

  const generated = (
    { ticketId, ticketNumber, ticketTypeId, seat, unitPrice, currency, holderName, createdAt }: StoredTicket,
    names: ReadonlyMap<TicketTypeId, string>,
  ) => ({
    ticketId,
    ticketNumber,
    qrCode: qrCodeUrl(deps.publicUrl, ticketId),
    ticketTypeId,
    ticketTypeName: names.get(ticketTypeId) ?? '',
    ...(seat && { seat }),
    unitPrice,
    currency,
    holderName,
    createdAt,
  })

  return { issue, giveUp }
}
export type Issuing = ReturnType<typeof createIssuing>

async function answerOf(tx: Tx, orderId: OrderId, { outcome, reason }: OrderOutcome): Promise<IssueResult> {
  if (outcome === 'ISSUED') return { outcome, tickets: await listTicketsOfOrder(tx, orderId) }
  return { outcome, reason: reason ?? '', released: [] }
}

const idsOf = (items: StoredReservation['items']) => items.map(({ ticketTypeId }) => ticketTypeId)

/**
 * The order's claim becomes sold; where it is lost, what is free is sold: of a seated type the same seats. False when there is not
 * enough.
 */
async function takePlaces(expiry: Expiry, tx: Tx, reservation: StoredReservation): Promise<boolean> {
  const { reservationId, items } = reservation
  if (reservation.status === 'PAYING') {
    await moveReservation(tx, reservationId, 'PAYING', 'COMPLETED')
    await changeCounters(
      tx,
      items.map(({ ticketTypeId, quantity }) => ({ ticketTypeId, held: -quantity, sold: quantity })),
    )
    return true
  }
  await expiry.expireOf(tx, inTheWayOf(reservation.eventId, items), { wait: false })
  const general = items.filter(({ seatIds }) => !seatIds)
  await lockGeneralCounters(tx, idsOf(general))
  if (!suffice(await listCounters(tx, idsOf(items)), items)) return false
  const seatIds = items.flatMap(({ seatIds }) => seatIds ?? [])
  if (!(await claimSeats(tx, reservation, seatIds))) return false
  await changeCounters(
    tx,
    items.map(({ ticketTypeId, quantity }) => ({ ticketTypeId, held: 0, sold: quantity })),
  )
  return true
}
