import type { EventId, SeatId } from '@boxoffice/contracts'
import type { CrashAt, Transact, Tx } from '@boxoffice/service-kit'
import type { Bulkhead } from '../holds/bulkhead.ts'
import type { RedisPicture, SeatedLine } from '../holds/redis-picture.ts'
import type { Turns } from '../holds/turns.ts'
import type { Plan } from '../seating/plan.ts'
import type { FindPlan } from '../seating/plans.ts'
import type { SeatMaps } from '../seating/seat-maps.ts'
import { chooseSeats, namedSeats } from './choose-seats.ts'
import { expireOf, type InTheWay, inTheWayOf } from './expire.ts'
import type { Offer } from './offer.ts'
import type { FindOffer } from './offers.ts'
import { isLive, type StoredReservation } from './reservation.ts'
import { findReservation } from './reservation-repository.ts'
import { isTaken, type ReserveResult, seatsTaken, soldOut } from './reserve-result.ts'
import { mergeRequests, type Wish } from './wish.ts'
import { refuseOffer, writeReservation } from './write-reservation.ts'

/** How often the best seats are chosen anew when somebody else was faster. */
const CHOICES_MAX = 8

/**
 * Hold tickets, all or none: Redis first, which refuses the crowd; then one transaction, which is the truth; then Redis again.
 * Without Redis through PostgreSQL alone, a few at a time. Where holds are over that still stand in the way, they are expired
 * and it is tried once more. The best seats are chosen from the map, one buyer of an event after the other, and chosen anew
 * when they are taken after all. The same reservation id gives the same answer.
 */
export function createReserve(deps: {
  transact: Transact
  /** For reading outside of any transaction. */
  sql: Tx
  redisPicture: RedisPicture
  seatMaps: Pick<SeatMaps, 'readNow'>
  bulkhead: Bulkhead
  turns: Turns<EventId>
  findOffer: FindOffer
  findPlan: FindPlan
  crashAt: CrashAt
  claimSeconds: number
  liveMax: number
}) {
  const { transact, redisPicture } = deps

  async function reserve(wish: Wish): Promise<ReserveResult> {
    if (wish.repeatable && (await findReservation(deps.sql, wish.reservationId))) {
      const result = await transact((tx) => writeReservation(tx, wish, [], null, deps))
      if (result.outcome === 'reserved' && isLive(result.reservation)) await confirm(result.reservation)
      return result
    }
    const offer = await deps.findOffer(wish.eventId)
    if (!offer) return { outcome: 'unknown-event' }
    const plan = offer.types.some(({ kind }) => kind === 'SEATED') ? await deps.findPlan(wish.eventId) : null
    const refusal = refuseOffer(offer, plan, wish)
    if (refusal) return refusal
    const wished = mergeRequests(wish.requests)
    if (plan && wished.some(({ bestCount }) => bestCount > 0)) return reserveBest(wish, offer, plan)
    const lines = namedSeats(wished, plan)
    return keep(wish, lines, plan, await hold(wish, lines))
  }

  async function reserveBest(wish: Wish, offer: Offer, plan: Plan): Promise<ReserveResult> {
    const wished = mergeRequests(wish.requests)
    const named = new Set(wished.flatMap(({ seatIds }) => seatIds))
    const passedOver = new Set<SeatId>()
    const choose = async (): Promise<SeatedLine[] | 'not-yet' | null> => {
      const map = await deps.seatMaps.readNow(wish.eventId)
      const lines = chooseSeats(wished, offer, plan, map.statuses, passedOver)
      return lines ?? (map.mayBeOver ? 'not-yet' : null)
    }
    const chooseAndHold = async () => {
      let lines = await choose()
      if (lines === 'not-yet') {
        const ticketTypeIds = wished.map(({ ticketTypeId }) => ticketTypeId)
        lines = (await takeOver({ eventId: wish.eventId, ticketTypeIds, seatIds: [] })) ? await choose() : null
      }
      return lines && lines !== 'not-yet' ? { lines, held: await hold(wish, lines) } : null
    }
    for (let choice = 1; choice <= CHOICES_MAX; choice++) {
      const chosen = await deps.turns(wish.eventId, chooseAndHold)
      if (!chosen) return soldOut
      const result = await keep(wish, chosen.lines, plan, chosen.held)
      if (result.outcome !== 'refused' || result.error !== 'SEATS_TAKEN') return result
      const taken = result.seatIds ?? []
      if (taken.some((seatId) => named.has(seatId))) return seatsTaken(taken.filter((seatId) => named.has(seatId)))
      for (const seatId of taken) passedOver.add(seatId)
    }
    return soldOut
  }

  /** What Redis says of these lines: held, why not, or nothing (`direct`: without it). */
  async function hold(wish: Wish, lines: readonly SeatedLine[]): Promise<'held' | 'direct' | ReserveResult> {
    const { eventId, reservationId } = wish
    let held = await redisPicture.hold(eventId, reservationId, lines)
    if (held && held.outcome !== 'held' && held.mayBeOver && (await takeOver(inTheWayOf(eventId, lines)))) {
      held = await redisPicture.hold(eventId, reservationId, lines)
    }
    if (!held) return 'direct'
    if (held.outcome === 'held') return 'held'
    return held.outcome === 'taken' ? seatsTaken(held.seatIds) : soldOut
  }

  /** What Redis held is written, and Redis is told what the database made of it. */
  async function keep(
    wish: Wish,
    lines: readonly SeatedLine[],
    plan: Plan | null,
    held: 'held' | 'direct' | ReserveResult,
  ): Promise<ReserveResult> {
    if (typeof held === 'object') return held
    deps.crashAt('hold.after-lua')
    const write = () => writeOrTakeOver(wish, lines, plan)
    const result = held === 'held' ? await write() : await deps.bulkhead(write)
    if (result.outcome === 'reserved') await confirm(result.reservation)
    else await redisPicture.release([wish])
    if (isTaken(result)) redisPicture.markStale(wish.eventId)
    return result
  }

  function confirm({ eventId, reservationId, items, remainingMs }: StoredReservation): Promise<void> {
    return redisPicture.confirm(eventId, reservationId, items, remainingMs)
  }

  async function writeOrTakeOver(wish: Wish, lines: readonly SeatedLine[], plan: Plan | null): Promise<ReserveResult> {
    const result = await transact((tx) => writeReservation(tx, wish, lines, plan, deps))
    if (!isTaken(result) || !(await takeOver(inTheWayOf(wish.eventId, lines)))) return result
    return transact((tx) => writeReservation(tx, wish, lines, plan, deps))
  }

  async function takeOver(wanted: InTheWay): Promise<boolean> {
    const expired = await transact((tx) => expireOf(tx, wanted, { wait: true }))
    await redisPicture.release(expired)
    return expired.length > 0
  }

  return reserve
}
export type Reserve = ReturnType<typeof createReserve>
