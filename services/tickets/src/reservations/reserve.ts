import type { EventId, OrderId, ReservationId, TicketTypeId, UserId } from '@boxoffice/contracts'
import type { CrashAt, Transact, Tx } from '@boxoffice/service-kit'
import type { Bulkhead } from '../holds/bulkhead.ts'
import type { Line, Released } from '../holds/commands.ts'
import { lockCounters, suffice } from '../holds/counter-repository.ts'
import type { RedisPicture } from '../holds/redis-picture.ts'
import { claimLocked, refusalOfEndedOrder } from './claim.ts'
import { expireOf } from './expire.ts'
import { lockBuyer, lockOrder } from './locks.ts'
import { limitOf, type NotReserved, type Offer, refusalOf, typeOf, unknownTypes } from './offer.ts'
import { type FindOffer, loadOffer } from './offers.ts'
import { isLive, type StoredReservation } from './reservation.ts'
import { countOfBuyer, findReservation, insertReservation, lockReservation } from './reservation-repository.ts'

/** What somebody wants held. With an order it is claimed for its payment at once. `lines` are merged and sorted. */
export interface Wish {
  readonly reservationId: ReservationId
  readonly userId: UserId
  readonly eventId: EventId
  readonly orderId: OrderId | null
  readonly lines: readonly Line[]
  readonly seconds: number
  /** Whether it may have been asked before: only then is the database asked before the crowd is refused. */
  readonly repeatable: boolean
}

export type ReserveResult =
  | { outcome: 'reserved'; reservation: StoredReservation }
  | ({ outcome: 'refused' } & NotReserved)
  | { outcome: 'unknown-event' }
  | { outcome: 'unknown-types'; ticketTypeIds: TicketTypeId[] }

const soldOut: ReserveResult = { outcome: 'refused', error: 'INSUFFICIENT_INVENTORY', message: 'not so many tickets are left' }

/**
 * Hold tickets, all or none: Redis first, which refuses the crowd; then one transaction, which is the truth; then Redis again.
 * Without Redis through PostgreSQL alone, a few at a time. Where holds are over that still stand in the way, they are expired
 * and it is tried once more. The same reservation id gives the same answer.
 */
export function createReserve(deps: {
  transact: Transact
  /** For reading outside of any transaction. */
  sql: Tx
  redisPicture: RedisPicture
  bulkhead: Bulkhead
  findOffer: FindOffer
  crashAt: CrashAt
  claimSeconds: number
  liveMax: number
}) {
  const { transact, redisPicture } = deps

  return async (wish: Wish): Promise<ReserveResult> => {
    if (wish.repeatable && (await findReservation(deps.sql, wish.reservationId))) {
      const result = await transact((tx) => reserve(tx, wish, deps))
      if (result.outcome === 'reserved' && isLive(result.reservation)) await confirm(result.reservation)
      return result
    }
    const offer = await deps.findOffer(wish.eventId)
    if (!offer) return { outcome: 'unknown-event' }
    const refusal = refuseOffer(offer, wish)
    if (refusal) return refusal

    let held = await redisPicture.hold(wish.eventId, wish.reservationId, wish.lines)
    if (held === 'INSUFFICIENT_BUT_EXPIRED' && (await takeOver(wish))) {
      held = await redisPicture.hold(wish.eventId, wish.reservationId, wish.lines)
    }
    if (held === 'INSUFFICIENT' || held === 'INSUFFICIENT_BUT_EXPIRED') return soldOut
    deps.crashAt('hold.after-lua')
    return settle(wish, held === 'HELD' ? await write(wish) : await deps.bulkhead(() => write(wish)))
  }

  /** Redis is told what the database made of its hold. */
  async function settle(wish: Wish, result: ReserveResult): Promise<ReserveResult> {
    if (result.outcome === 'reserved') await confirm(result.reservation)
    else await redisPicture.release([wish])
    if (result === soldOut) redisPicture.markStale(wish.eventId)
    return result
  }

  function confirm({ eventId, reservationId, items, remainingMs }: StoredReservation): Promise<void> {
    return redisPicture.confirm(eventId, reservationId, items, remainingMs)
  }

  async function write(wish: Wish): Promise<ReserveResult> {
    const result = await transact((tx) => reserve(tx, wish, deps))
    if (result !== soldOut || !(await takeOver(wish))) return result
    return transact((tx) => reserve(tx, wish, deps))
  }

  async function takeOver({ lines }: Wish): Promise<boolean> {
    const ids = lines.map(({ ticketTypeId }) => ticketTypeId)
    const expired: Released[] = await transact((tx) => expireOf(tx, ids, { wait: true }))
    await redisPicture.release(expired)
    return expired.length > 0
  }
}
export type Reserve = ReturnType<typeof createReserve>

/** The transaction: everything is checked again, under locks. */
async function reserve(tx: Tx, wish: Wish, limits: { claimSeconds: number; liveMax: number }): Promise<ReserveResult> {
  if (wish.orderId) {
    await lockOrder(tx, wish.orderId)
    const ended = await refusalOfEndedOrder(tx, wish.orderId)
    if (ended) return { outcome: 'refused', ...ended }
  }
  await lockBuyer(tx, wish.eventId, wish.userId)
  const standing = await lockReservation(tx, wish.reservationId)
  if (standing) return answerStanding(tx, standing, wish, limits.claimSeconds)

  const offer = await loadOffer(tx, wish.eventId)
  if (!offer) return { outcome: 'unknown-event' }
  const refusal = refuseOffer(offer, wish)
  if (refusal) return refusal
  const limit = limitOf(offer, wish.lines, await countOfBuyer(tx, wish.eventId, wish.userId), limits.liveMax)
  if (limit) return { outcome: 'refused', ...limit }
  return insert(tx, offer, wish, wish.orderId ? Math.max(wish.seconds, limits.claimSeconds) : wish.seconds)
}

function refuseOffer(offer: Offer, wish: Wish): ReserveResult | null {
  const unknown = unknownTypes(offer, wish.lines)
  if (unknown.length > 0) return { outcome: 'unknown-types', ticketTypeIds: unknown }
  const refusal = refusalOf(offer, wish.lines, offer.asOf)
  return refusal && { outcome: 'refused', ...refusal }
}

async function insert(tx: Tx, offer: Offer, wish: Wish, seconds: number): Promise<ReserveResult> {
  const items = wish.lines.map((line) => ({ ...line, unitPrice: typeOf(offer, line.ticketTypeId).unitPrice }))
  const { currency } = typeOf(offer, (items[0] as Line).ticketTypeId)
  // Last, because everybody wants this row: it is locked for two statements and the commit.
  const counters = await lockCounters(
    tx,
    items.map(({ ticketTypeId }) => ticketTypeId),
  )
  if (!suffice(counters, items)) return soldOut
  const { reservationId, userId, eventId, orderId } = wish
  const reservation = { reservationId, userId, eventId, orderId, currency, items }
  const { expiresAt } = await insertReservation(tx, reservation, seconds)
  const status = orderId ? 'PAYING' : 'ACTIVE'
  return { outcome: 'reserved', reservation: { ...reservation, status, expiresAt, remainingMs: seconds * 1_000 } }
}

/** The id was used before: by the same buyer for the same event it is the same request. */
async function answerStanding(tx: Tx, standing: StoredReservation, wish: Wish, claimSeconds: number): Promise<ReserveResult> {
  if (standing.userId !== wish.userId || standing.eventId !== wish.eventId) {
    return { outcome: 'refused', error: 'RESERVATION_EXPIRED', message: 'this reservation id was used for something else' }
  }
  if (wish.orderId) {
    const claimed = await claimLocked(tx, standing, wish.orderId, claimSeconds)
    if (claimed.outcome === 'unknown') throw new Error('a locked reservation was not found')
    return claimed.outcome === 'claimed' ? { outcome: 'reserved', reservation: claimed.reservation } : claimed
  }
  return { outcome: 'reserved', reservation: standing }
}
