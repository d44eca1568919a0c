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
  type VenueId,
} from '@boxoffice/contracts'
import { type Append, type AppendAll, currentOrigin, type MessageOrigin } from '@boxoffice/messaging'
import { type CrashAt, sideBySide, type Tx } from '@boxoffice/service-kit'
import { findReplica, listReplicasAsOf } from '../event-replicas/replica-repository.ts'
import type { AvailabilityCache } from '../holds/availability-cache.ts'
import type { Released } from '../holds/commands.ts'
import { changeCounters, listCounters, lockGeneralCounters, suffice } from '../holds/counter-repository.ts'
import { claimSeats, sellSeats } from '../holds/seat-claim-repository.ts'
import { type Expiry, inTheWayOf } from '../reservations/expire.ts'
import { lockOrder, lockOrders } from '../reservations/lock-repository.ts'
import {
  insertIssued,
  insertOutcome,
  type OrderOutcome,
  type Outcome,
  replaceIssued,
} from '../reservations/outcome-repository.ts'
import type { Releases } from '../reservations/release.ts'
import type { StoredReservation } from '../reservations/reservation.ts'
import {
  lockReservation,
  lockReservations,
  moveReservation,
  moveReservations,
} from '../reservations/reservation-repository.ts'
import { qrCodeUrl, type StoredTicket } from '../tickets/ticket.ts'
import { insertTickets, listTicketsOfOrder, type NewTicket } from '../tickets/ticket-repository.ts'
import { findTypeNames } from '../types/type-repository.ts'

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
  availabilityCache: Pick<AvailabilityCache, 'sell' | 'release'>,
  { reservationId }: Pick<PaidOrder, 'reservationId'>,
  result: IssueResult,
): Promise<void> {
  if (result.outcome !== 'ISSUED') return availabilityCache.release(result.released)
  const [ticket] = result.tickets
  if (ticket) await availabilityCache.sell([{ eventId: ticket.eventId, reservationId }])
}

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

/**
 * Tickets for a paid order, once: `PAYMENT_COMPLETED` and `confirm-purchase` both come here. The order's
 * outcome is written first; where one stands already, it is the answer and nothing happens. A claim becomes
 * sold. Where it is lost, the places are taken again if they are free. Else the order is rejected, and the
 * payment service gives the money back.
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
  const issue = async (tx: Tx, order: PaidOrder): Promise<IssueResult> => {
    const [result] = await issueAll(tx, [{ ...order, origin: currentOrigin() }])
    return result as IssueResult
  }

  /**
   * The same for several orders, whose results are in their order. Those whose claims stand, which nearly all
   * do, are issued together: as many statements as for one, and the counters last, since everybody waits for
   * them. The others follow one by one.
   */
  async function issueAll(
    tx: Tx,
    orders: readonly (PaidOrder & { origin: MessageOrigin })[],
  ): Promise<IssueResult[]> {
    const [, locked] = await sideBySide([
      lockOrders(
        tx,
        orders.map(({ orderId }) => orderId),
      ),
      lockReservations(tx, [...new Set(orders.map(({ reservationId }) => reservationId))]),
    ])
    const reservations = new Map(locked.map((reservation) => [reservation.reservationId, reservation]))
    const found = await listReplicasAsOf(tx, [...new Set(locked.map(({ eventId }) => eventId))])
    const replicas = new Map(found.map(({ replica }) => [replica.eventId, replica]))
    const claims = orders.flatMap((order): Claim[] => {
      const reservation = reservations.get(order.reservationId)
      if (reservation?.status !== 'PAYING' || reservation.orderId !== order.orderId) return []
      const replica = replicas.get(reservation.eventId)
      const stands =
        reservation.userId === order.userId && replica !== undefined && replica.status !== 'CANCELLED'
      return stands ? [{ order, reservation, venueId: replica.venueId }] : []
    })
    const fresh =
      claims.length > 0
        ? await insertIssued(
            tx,
            claims.map(({ order }) => order),
          )
        : new Set()
    const issued = await issueClaims(
      tx,
      claims.filter(({ order }) => fresh.delete(order.orderId)),
    )
    const results: IssueResult[] = []
    for (const order of orders) {
      const tickets = issued.get(order)
      results.push(tickets ? { outcome: 'ISSUED', tickets } : await issueOne(tx, order))
    }
    deps.crashAt('issue.before-commit')
    return results
  }

  async function issueClaims(tx: Tx, claims: readonly Claim[]): Promise<Map<PaidOrder, StoredTicket[]>> {
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
      messagesOf(claim, ofOrder.get(claim.order.orderId) ?? [], names),
    )
    await deps.appendAll(tx, ticketsGenerated, messages)
    const [general = [], seated = []] = [false, true].map((isSeated) =>
      items
        .filter(({ seatIds }) => (seatIds !== null) === isSeated)
        .map(({ ticketTypeId, quantity }) => ({ ticketTypeId, held: -quantity, sold: quantity })),
    )
    // What everybody waits for comes last, in the order in which all lock it.
    await sideBySide([
      changeCounters(tx, general),
      ...claims.map(({ reservation }, index) => sellSeatsOf(tx, reservation, made[index] ?? [])),
      changeCounters(tx, seated),
    ])
    return new Map(claims.map(({ order }) => [order, ofOrder.get(order.orderId) ?? []]))
  }

  const messagesOf = (
    { order: { orderId, userId, reservationId, origin }, reservation: { eventId }, venueId }: Claim,
    tickets: readonly StoredTicket[],
    names: ReadonlyMap<TicketTypeId, string>,
  ) =>
    inParts(tickets.map((ticket) => generated(ticket, names))).map(({ things, ...part }) => ({
      payload: { orderId, userId, eventId, venueId, reservationId, ...part, tickets: things },
      aggregateVersion: 1,
      origin,
    }))

  /** An order whose claim does not stand, or whose outcome is known. Its lock is held. */
  async function issueOne(tx: Tx, order: PaidOrder & { origin: MessageOrigin }): Promise<IssueResult> {
    const standing = await insertOutcome(tx, order.orderId, 'ISSUED', {
      reservationId: order.reservationId,
      reason: null,
    })
    if (standing) return answerOf(tx, order.orderId, standing)

    const reservation = await lockReservation(tx, order.reservationId)
    if (!reservation || reservation.userId !== order.userId)
      return reject(tx, order, null, 'RESERVATION_NOT_FOUND')
    // A claim comes before every charge: without one this is not the order that the reservation was held for.
    if (reservation.orderId !== order.orderId) return reject(tx, order, reservation, 'NOT_CLAIMED')
    const replica = await findReplica(tx, reservation.eventId)
    if (!replica || replica.status === 'CANCELLED') return reject(tx, order, reservation, 'EVENT_CANCELLED')
    if (!(await takePlaces(deps.expiry, tx, reservation)))
      return reject(tx, order, reservation, 'INSUFFICIENT_INVENTORY')

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
      messagesOf({ order, reservation, venueId: replica.venueId }, tickets, names),
    )
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

  /**
   * What becomes of a paid order whose issue can never succeed: `why` is for operators. An outcome that
   * stands already is the answer.
   */
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

  return { issue, issueAll, giveUp }
}
export type Issuing = ReturnType<typeof createIssuing>

/** An order whose places are held for it. */
interface Claim {
  readonly order: PaidOrder & { origin: MessageOrigin }
  readonly reservation: StoredReservation
  readonly venueId: VenueId
}

/** The tickets of an order, numbered within each type; of a seated type one for each seat, in order. */
function newTicketsOf(
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

async function sellSeatsOf(
  tx: Tx,
  reservation: StoredReservation,
  tickets: readonly NewTicket[],
): Promise<void> {
  const sold = tickets.flatMap(({ seatId, ticketId }) => (seatId ? [{ seatId, ticketId }] : []))
  if (sold.length > 0) await sellSeats(tx, reservation, sold)
}

async function answerOf(tx: Tx, orderId: OrderId, { outcome, reason }: OrderOutcome): Promise<IssueResult> {
  if (outcome === 'ISSUED') return { outcome, tickets: await listTicketsOfOrder(tx, orderId) }
  return { outcome, reason: reason ?? '', released: [] }
}

const idsOf = (items: StoredReservation['items']) => items.map(({ ticketTypeId }) => ticketTypeId)

/**
 * The order's claim becomes sold; where it is lost, what is free is sold: of a seated type the same seats.
 * False when there is not enough.
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
