import { type CrashAt, createGroups, type SqlDatabase } from '@boxoffice/service-kit'
import type { AvailabilityCache, CacheHold } from '../holds/availability-cache.ts'
import { type Expiry, inTheWayOf } from './expire.ts'
import type { Holding, InTheWay, Placed, SeatedRequest, Settled, WriteResult } from './placing.ts'
import { repeatReservation } from './repeat-reservation.ts'
import { isLive } from './reservation.ts'
import type { ReservationRequest } from './reservation-request.ts'
import { isTaken, type ReserveResult, seatsTaken, soldOut } from './reserve-result.ts'
import { writeReservations } from './write-reservations.ts'

/** Holds of one event that are one command and one transaction. */
const GROUP_MAX = 100
const EVENTS_AT_ONCE_MAX = 100
/**
 * Events that share a transaction, and transactions at once: while one commits the next is read, of other
 * events.
 */
const EVENTS_IN_TRANSACTION_MAX = 10
const TRANSACTIONS_AT_ONCE_MAX = 2
const TAKE_OVERS_MAX = 2
const TOLD = Promise.resolve()

/**
 * The two halves of a hold, Redis and the database, and what to do when holds that are over stand in the way.
 */
export function createHolding(deps: {
  db: SqlDatabase
  availabilityCache: AvailabilityCache
  expiry: Expiry
  crashAt: CrashAt
  claimSeconds: number
  liveMax: number
  /** Holds that wait for those before them; beyond it they are refused with 503. */
  waitingMax: number
}): Holding {
  const { db, availabilityCache } = deps

  /**
   * What arrives while the last group of its event is under way is the next: one command of Redis and one
   * transaction.
   */
  const placeInGroup = createGroups<SeatedRequest, Placed>({
    laneOf: ({ request }) => request.eventId,
    run: placeAll,
    mixesLanes: false,
    groupMax: GROUP_MAX,
    groupsAtOnceMax: EVENTS_AT_ONCE_MAX,
    waitingMax: deps.waitingMax,
  })

  const write = createGroups<readonly SeatedRequest[], readonly WriteResult[]>({
    laneOf: ([seated]) => (seated as SeatedRequest).request.eventId,
    run: async (groups) => {
      const results = await writeReservations(db, groups.flat(), deps)
      return groups.map(({ length }) => results.splice(0, length))
    },
    mixesLanes: true,
    groupMax: EVENTS_IN_TRANSACTION_MAX,
    groupsAtOnceMax: TRANSACTIONS_AT_ONCE_MAX,
    waitingMax: Number.POSITIVE_INFINITY,
  })

  /** Whether holds that are over were in the way; they are not any more. */
  const takeOver = createGroups<InTheWay, boolean>({
    laneOf: ({ eventId }) => eventId,
    run: async (wanted) => {
      const expired = await db.transact((tx) => deps.expiry.expireOf(tx, allOf(wanted), { wait: true }))
      await availabilityCache.release(expired)
      return wanted.map(() => expired.length > 0)
    },
    mixesLanes: false,
    groupMax: GROUP_MAX,
    groupsAtOnceMax: TRANSACTIONS_AT_ONCE_MAX,
    waitingMax: deps.waitingMax,
  })

  /**
   * Hold requests of one event, in their order: provisionally in Redis, what that holds in the database, and
   * then for good in Redis.
   */
  async function placeAll(requests: readonly SeatedRequest[]): Promise<Placed[]> {
    const [{ request }] = requests as [SeatedRequest]
    const held = await availabilityCache.hold(
      request.eventId,
      requests.map(({ request: { reservationId }, lines }) => ({ reservationId, lines })),
    )
    const refused = held.map(refusedByRedis)
    const passed = requests.filter((_, index) => !refused[index])
    if (passed.length > 0) deps.crashAt('hold.after-lua')
    const results = passed.length > 0 ? await write(passed) : []
    const told = tellRedis(passed, results)
    const written = results.map(
      (result): Placed => ({ result, by: 'database', mayBeOver: isTaken(result), told }),
    )
    return refused.map((placed) => placed ?? (written.shift() as Placed))
  }

  /** Tell Redis what the database made of requests of one event that it holds provisionally. */
  function tellRedis(requests: readonly SeatedRequest[], results: readonly WriteResult[]): Promise<unknown> {
    const [first] = requests
    if (!first) return TOLD
    const { eventId } = first.request
    const reserved = results.flatMap((result) =>
      result !== 'STANDING' && result.outcome === 'reserved' ? [result.reservation] : [],
    )
    const released = requests.flatMap(({ request }, index) => {
      const result = results[index]
      return result === 'STANDING' || result?.outcome === 'reserved' ? [] : [request]
    })
    if (results.some(isTaken)) availabilityCache.markStale(eventId)
    return Promise.all([availabilityCache.confirmAll(eventId, reserved), availabilityCache.release(released)])
  }

  /** Hold a request together with those that come at the same time. */
  const place = async (seated: SeatedRequest): Promise<Settled> => settle(seated, await placeInGroup(seated))

  /**
   * What became of a request in a group, where it is tried again once holds that are over are out of its way.
   */
  async function settle(seated: SeatedRequest, first: Placed): Promise<Settled> {
    let placed = first
    for (let takeOvers = 0; placed.mayBeOver && takeOvers < TAKE_OVERS_MAX; takeOvers++) {
      if (!(await takeOver(inTheWayOf(seated.request.eventId, seated.lines)))) break
      placed = await placeInGroup(seated)
    }
    const { result, by } = placed
    if (result === 'STANDING') return { result: await repeatStanding(seated.request), by }
    await placed.told
    return { result, by }
  }

  async function repeatStanding(request: ReservationRequest): Promise<ReserveResult> {
    const result = await repeat(request)
    if (!result) throw new Error(`reservation ${request.reservationId} is not there any more`)
    if (result.outcome === 'reserved' && !isLive(result.reservation))
      await availabilityCache.release([request])
    // Under an id that stands for other tickets, those are held: what was taken for these goes with the next
    // comparison.
    if (result.outcome === 'refused') availabilityCache.markStale(request.eventId)
    return result
  }

  /** What a request is answered that was asked before; null when it was not. */
  async function repeat(request: ReservationRequest): Promise<ReserveResult | null> {
    const result = await db.transact((tx) => repeatReservation(tx, request, deps.claimSeconds))
    if (result?.outcome === 'reserved' && isLive(result.reservation))
      await availabilityCache.confirm(result.reservation)
    return result
  }

  return { place, placeAll, settle, repeat, takeOver }
}

/** What Redis refuses; null for what it holds, and without it. */
function refusedByRedis(held: CacheHold | null): Placed | null {
  if (!held || held.outcome === 'held') return null
  const result = held.outcome === 'taken' ? seatsTaken(held.seatIds) : soldOut
  return { result, by: 'Redis', mayBeOver: held.mayBeOver, told: TOLD }
}

/** What is in the way of any of these, which are about one event. */
function allOf(wanted: readonly InTheWay[]): InTheWay {
  const [{ eventId }] = wanted as [InTheWay]
  return {
    eventId,
    ticketTypeIds: [...new Set(wanted.flatMap(({ ticketTypeIds }) => ticketTypeIds))],
    seatIds: [...new Set(wanted.flatMap(({ seatIds }) => seatIds))],
  }
}
