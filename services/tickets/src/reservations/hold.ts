import type { CrashAt, Transact } from '@boxoffice/service-kit'
import type { Bulkhead } from '../holds/bulkhead.ts'
import type { RedisPicture, SeatedLine } from '../holds/redis-picture.ts'
import type { Plan } from '../seating/plan.ts'
import { type Expiry, type InTheWay, inTheWayOf } from './expire.ts'
import { isTaken, type ReserveResult, seatsTaken, soldOut } from './reserve-result.ts'
import type { Wish } from './wish.ts'
import { writeReservation } from './write-reservation.ts'

/** What Redis says of a wish: it holds it, why not, or nothing: sales go on without it. */
export type Held = 'held' | 'direct' | ReserveResult

/** The two halves of a hold, Redis and the database, and what to do when holds that are over stand in the way. */
export function createHolding(deps: {
  transact: Transact
  redisPicture: RedisPicture
  bulkhead: Bulkhead
  expiry: Expiry
  crashAt: CrashAt
  claimSeconds: number
  liveMax: number
}) {
  const { transact, redisPicture } = deps

  /** Take these places in Redis, provisionally. */
  async function hold(wish: Wish, lines: readonly SeatedLine[]): Promise<Held> {
    const { eventId, reservationId } = wish
    let held = await redisPicture.hold(eventId, reservationId, lines)
    if (held && held.outcome !== 'held' && held.mayBeOver && (await takeOver(inTheWayOf(eventId, lines)))) {
      held = await redisPicture.hold(eventId, reservationId, lines)
    }
    if (!held) return 'direct'
    if (held.outcome === 'held') return 'held'
    return held.outcome === 'taken' ? seatsTaken(held.seatIds) : soldOut
  }

  /** Write what Redis held, and tell Redis what the database made of it. */
  async function keep(wish: Wish, lines: readonly SeatedLine[], plan: Plan | null, held: Held): Promise<ReserveResult> {
    if (typeof held === 'object') return held
    deps.crashAt('hold.after-lua')
    const write = () => writeOrTakeOver(wish, lines, plan)
    const result = held === 'held' ? await write() : await deps.bulkhead(write)
    if (result.outcome === 'reserved') await redisPicture.confirm(result.reservation)
    // Under an id that stands for other tickets, those are held: what was taken for these goes with the next comparison.
    else if (result.outcome === 'refused' && result.error === 'RESERVATION_ID_REUSED') redisPicture.markStale(wish.eventId)
    else await redisPicture.release([wish])
    if (isTaken(result)) redisPicture.markStale(wish.eventId)
    return result
  }

  async function writeOrTakeOver(wish: Wish, lines: readonly SeatedLine[], plan: Plan | null): Promise<ReserveResult> {
    const result = await transact((tx) => writeReservation(tx, wish, lines, plan, deps))
    if (!isTaken(result) || !(await takeOver(inTheWayOf(wish.eventId, lines)))) return result
    return transact((tx) => writeReservation(tx, wish, lines, plan, deps))
  }

  /** Whether holds that are over were in the way; they are not any more. */
  async function takeOver(wanted: InTheWay): Promise<boolean> {
    const expired = await transact((tx) => deps.expiry.expireOf(tx, wanted, { wait: true }))
    await redisPicture.release(expired)
    return expired.length > 0
  }

  return { hold, keep, confirm: redisPicture.confirm, takeOver }
}
export type Holding = ReturnType<typeof createHolding>
