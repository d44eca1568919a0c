import { type CrashAt, createGroups, type Transact } from '@boxoffice/service-kit'
import type pg from 'pg'
import type { RedisPicture, SeatedLine } from '../holds/redis-picture.ts'
import type { Plan } from '../seating/plan.ts'
import { type Expiry, type InTheWay, inTheWayOf } from './expire.ts'
import { repeatReservation } from './repeat-reservation.ts'
import { isLive } from './reservation.ts'
import { isTaken, type ReserveResult, seatsTaken, soldOut } from './reserve-result.ts'
import { retryTransient } from './transactions.ts'
import type { Wish } from './wish.ts'
import { type SeatedWish, type WriteResult, writeReservations } from './write-reservations.ts'

/** What Redis says of a wish: it holds it, why not, or nothing: sales go on without it. */
export type Held = 'held' | 'direct' | ReserveResult

const GROUP_MAX = 200
/** While one commits the next is read, of other events. */
const GROUPS_AT_ONCE_MAX = 2

/** The two halves of a hold, Redis and the database, and what to do when holds that are over stand in the way. */
export function createHolding(deps: {
  pool: pg.Pool
  transact: Transact
  redisPicture: RedisPicture
  expiry: Expiry
  crashAt: CrashAt
  claimSeconds: number
  liveMax: number
  /** Holds that wait for the database; beyond it they are refused with 503. */
  waitingMax: number
}) {
  const { transact, redisPicture } = deps
  const grouped = { mixesLanes: true, groupMax: GROUP_MAX, groupsAtOnceMax: GROUPS_AT_ONCE_MAX, waitingMax: deps.waitingMax }

  const write = createGroups<SeatedWish, WriteResult>({
    ...grouped,
    laneOf: ({ wish }) => wish.eventId,
    run: (wishes) => retryTransient(() => writeReservations(deps.pool, wishes, deps)),
  })

  /** Whether holds that are over were in the way; they are not any more. */
  const takeOver = createGroups<InTheWay, boolean>({
    ...grouped,
    mixesLanes: false,
    laneOf: ({ eventId }) => eventId,
    run: async (wanted) => {
      const expired = await transact((tx) => deps.expiry.expireOf(tx, allOf(wanted), { wait: true }))
      await redisPicture.release(expired)
      return wanted.map(() => expired.length > 0)
    },
  })

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
    const result = await writeOrTakeOver({ wish, lines, plan })
    if (result === 'STANDING') return repeatStanding(wish)
    if (result.outcome === 'reserved') await redisPicture.confirm(result.reservation)
    else await redisPicture.release([wish])
    if (isTaken(result)) redisPicture.markStale(wish.eventId)
    return result
  }

  async function writeOrTakeOver(seated: SeatedWish): Promise<WriteResult> {
    const result = await write(seated)
    if (result === 'STANDING' || !isTaken(result)) return result
    return (await takeOver(inTheWayOf(seated.wish.eventId, seated.lines))) ? write(seated) : result
  }

  async function repeatStanding(wish: Wish): Promise<ReserveResult> {
    const result = await repeat(wish)
    if (!result) throw new Error(`reservation ${wish.reservationId} is not there any more`)
    if (result.outcome === 'reserved' && !isLive(result.reservation)) await redisPicture.release([wish])
    // Under an id that stands for other tickets, those are held: what was taken for these goes with the next comparison.
    if (result.outcome === 'refused') redisPicture.markStale(wish.eventId)
    return result
  }

  /** What a wish is answered that was asked before; null when it was not. */
  async function repeat(wish: Wish): Promise<ReserveResult | null> {
    const result = await transact((tx) => repeatReservation(tx, wish, deps.claimSeconds))
    if (result?.outcome === 'reserved' && isLive(result.reservation)) await redisPicture.confirm(result.reservation)
    return result
  }

  return { hold, keep, repeat, takeOver }
}
export type Holding = ReturnType<typeof createHolding>

/** What is in the way of any of these, which are about one event. */
function allOf(wanted: readonly InTheWay[]): InTheWay {
  const [{ eventId }] = wanted as [InTheWay]
  return {
    eventId,
    ticketTypeIds: [...new Set(wanted.flatMap(({ ticketTypeIds }) => ticketTypeIds))],
    seatIds: [...new Set(wanted.flatMap(({ seatIds }) => seatIds))],
  }
}
