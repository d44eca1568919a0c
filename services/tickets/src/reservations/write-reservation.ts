import type { TicketRequest } from '@boxoffice/contracts'
import type { Tx } from '@boxoffice/service-kit'
import { type Counter, lockCounters, suffice } from '../holds/counter-repository.ts'
import type { SeatedLine } from '../holds/redis-picture.ts'
import { listClaimed } from '../holds/seat-claim-repository.ts'
import type { Plan } from '../seating/plan.ts'
import { listTypes } from '../types/type-repository.ts'
import { claimLocked, refusalOfEndedOrder } from './claim.ts'
import { lockBuyer, lockOrder } from './locks.ts'
import { limitOf, type Offer, refusalOf, typeOf } from './offer.ts'
import { loadOffer } from './offers.ts'
import type { StoredReservation } from './reservation.ts'
import { countOfBuyer, insertReservation, lockReservation } from './reservation-repository.ts'
import { type ReserveResult, seatsTaken, soldOut } from './reserve-result.ts'
import { invalidIn, mergeRequests, type Wish } from './wish.ts'

/** The transaction of a hold: everything is checked again, under locks. `lines` are the wish with its seats. */
export async function writeReservation(
  tx: Tx,
  wish: Wish,
  lines: readonly SeatedLine[],
  plan: Plan | null,
  limits: { claimSeconds: number; liveMax: number },
): Promise<ReserveResult> {
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
  const buyer = await countOfBuyer(tx, wish.eventId, wish.userId)
  const refuse = (offer: Offer): ReserveResult | null => {
    const refusal = refuseOffer(offer, plan, wish)
    if (refusal) return refusal
    const limit = limitOf(offer, lines, buyer, limits.liveMax)
    return limit && { outcome: 'refused', ...limit }
  }
  const refusal = refuse(offer)
  if (refusal) return refusal
  // Last, because everybody wants these rows: they are locked for three statements and the commit.
  const counters = await lockCounters(
    tx,
    lines.map(({ ticketTypeId }) => ticketTypeId),
  )
  // A type is changed under this lock: what stands now is what holds, and what was read before may be over.
  const settled = { ...offer, types: await listTypes(tx, wish.eventId) }
  const seconds = wish.orderId ? Math.max(wish.seconds, limits.claimSeconds) : wish.seconds
  return refuse(settled) ?? insert(tx, settled, counters, wish, lines, seconds)
}

/** Whether a reservation is what a wish asked for. Which seats were the best ones is not asked again. */
function isOf({ items }: StoredReservation, { requests }: Wish): boolean {
  const lines = mergeRequests(requests)
  return (
    lines.length === items.length &&
    lines.every(({ ticketTypeId, quantity, seatIds }) => {
      const item = items.find((item) => item.ticketTypeId === ticketTypeId)
      return item?.quantity === quantity && seatIds.every((seatId) => item.seatIds?.includes(seatId))
    })
  )
}

/** Why an offer refuses a wish, whoever asks; null when it does not. */
export function refuseOffer(offer: Offer, plan: Plan | null, wish: Wish): ReserveResult | null {
  const isKnown = ({ ticketTypeId }: TicketRequest) => offer.types.some((type) => type.ticketTypeId === ticketTypeId)
  // Whoever does not know what a draft sells is not told that it is there.
  if (offer.picture.status === 'DRAFT' && !wish.requests.every(isKnown)) return { outcome: 'unknown-event' }
  const details = invalidIn(wish.requests, offer, plan)
  if (details.length > 0) return { outcome: 'invalid', details }
  const refusal = refusalOf(offer, mergeRequests(wish.requests), offer.asOf)
  return refusal && { outcome: 'refused', ...refusal }
}

/** Under the lock of the counters. */
async function insert(
  tx: Tx,
  offer: Offer,
  counters: readonly Counter[],
  wish: Wish,
  lines: readonly SeatedLine[],
  seconds: number,
): Promise<ReserveResult> {
  const items = lines.map((line) => ({ ...line, unitPrice: typeOf(offer, line.ticketTypeId).unitPrice }))
  const { currency } = typeOf(offer, (items[0] as SeatedLine).ticketTypeId)
  const { reservationId, userId, eventId, orderId } = wish
  const reservation = { reservationId, userId, eventId, orderId, currency, items }
  const written = suffice(counters, items) ? await insertReservation(tx, reservation, seconds) : null
  if (!written) {
    const taken = await listClaimed(
      tx,
      eventId,
      items.flatMap(({ seatIds }) => seatIds ?? []),
    )
    return taken.length > 0 ? seatsTaken(taken) : soldOut
  }
  const { expiresAt, heldAt } = written
  const status = orderId ? 'PAYING' : 'ACTIVE'
  return { outcome: 'reserved', reservation: { ...reservation, status, expiresAt, heldAt, remainingMs: seconds * 1_000 } }
}

/** The id was used before: by the same buyer for the same tickets it is the same request. */
async function answerStanding(tx: Tx, standing: StoredReservation, wish: Wish, claimSeconds: number): Promise<ReserveResult> {
  if (standing.userId !== wish.userId || standing.eventId !== wish.eventId || !isOf(standing, wish)) {
    return { outcome: 'refused', error: 'RESERVATION_ID_REUSED', message: 'this reservation id was used for something else' }
  }
  if (wish.orderId) {
    const claimed = await claimLocked(tx, standing, wish.orderId, claimSeconds)
    if (claimed.outcome === 'unknown') throw new Error('a locked reservation was not found')
    return claimed.outcome === 'claimed' ? { outcome: 'reserved', reservation: claimed.reservation } : claimed
  }
  return { outcome: 'reserved', reservation: standing }
}
