import { type CrashAt, createGroups, type SqlDatabase } from '@boxoffice/service-kit'
import type { AvailabilityCache } from '../holds/availability-cache.ts'
import type { CacheHold } from '../holds/cached-holds.ts'
import type { HoldAttempt, SeatedRequest, WriteResult } from './hold-attempt.ts'
import { isTaken, seatsTaken, soldOut } from './reserve-result.ts'
import { writeReservations } from './write-reservations.ts'

/** Holds of one event that share a command and a transaction. */
export const GROUP_MAX = 100
const EVENTS_AT_ONCE_MAX = 100
/**
 * Events that share a transaction, and concurrent transactions: while one commits, the next one, of other
 * events, reads.
 */
const EVENTS_IN_TRANSACTION_MAX = 10
export const TRANSACTIONS_AT_ONCE_MAX = 2
const UNCHANGED = Promise.resolve()

/**
 * Holds the places of requests that arrive together, with one Redis command and one transaction per group.
 */
export function createGroupedHolds(deps: {
  db: SqlDatabase
  availabilityCache: AvailabilityCache
  crashAt: CrashAt
  claimSeconds: number
  liveMax: number
  waitingMax: number
}) {
  const { db, availabilityCache } = deps

  /** Groups requests by event: those that arrive while the last group is running form the next one. */
  const attempt = createGroups<SeatedRequest, HoldAttempt>({
    keyOf: ({ request }) => request.eventId,
    run: attemptAll,
    mixesKeys: false,
    groupMax: GROUP_MAX,
    groupsAtOnceMax: EVENTS_AT_ONCE_MAX,
    waitingMax: deps.waitingMax,
  })

  const write = createGroups<readonly SeatedRequest[], readonly WriteResult[]>({
    keyOf: ([seated]) => (seated as SeatedRequest).request.eventId,
    run: async (groups) => {
      const results = await writeReservations(db, groups.flat(), deps)
      return groups.map(({ length }) => results.splice(0, length))
    },
    mixesKeys: true,
    groupMax: EVENTS_IN_TRANSACTION_MAX,
    groupsAtOnceMax: TRANSACTIONS_AT_ONCE_MAX,
    waitingMax: Number.POSITIVE_INFINITY,
  })

  /**
   * Holds requests of one event in order: provisionally in Redis, then in the database, then finally in
   * Redis.
   */
  async function attemptAll(requests: readonly SeatedRequest[]): Promise<HoldAttempt[]> {
    const [{ request }] = requests as [SeatedRequest]
    const held = await availabilityCache.hold(
      request.eventId,
      requests.map(({ request: { reservationId }, lines }) => ({ reservationId, lines })),
    )
    const refused = held.map(refusedByRedis)
    const passed = requests.filter((_, index) => !refused[index])
    if (passed.length > 0) deps.crashAt('hold.after-lua')
    const results = passed.length > 0 ? await write(passed) : []
    const cacheUpdated = updateCache(passed, results)
    const written = results.map(
      (result): HoldAttempt => ({
        result,
        decidedBy: 'database',
        mayHaveExpired: isTaken(result),
        cacheUpdated,
      }),
    )
    return refused.map((refusal) => refusal ?? (written.shift() as HoldAttempt))
  }

  /** Confirms or releases the provisional holds of one event, as the database decided. */
  function updateCache(
    requests: readonly SeatedRequest[],
    results: readonly WriteResult[],
  ): Promise<unknown> {
    const [first] = requests
    if (!first) return UNCHANGED
    const { eventId } = first.request
    const reserved = results.flatMap((result) =>
      result !== 'EXISTING' && result.outcome === 'reserved' ? [result.reservation] : [],
    )
    const released = requests.flatMap(({ request }, index) => {
      const result = results[index]
      return result === 'EXISTING' || result?.outcome === 'reserved' ? [] : [request]
    })
    if (results.some(isTaken)) availabilityCache.markStale(eventId)
    return Promise.all([availabilityCache.confirmAll(eventId, reserved), availabilityCache.release(released)])
  }

  return { attempt, attemptAll }
}

/** Returns the refusal; null if Redis holds the places or is unavailable. */
function refusedByRedis(held: CacheHold | null): HoldAttempt | null {
  if (!held || held.outcome === 'held') return null
  const result = held.outcome === 'taken' ? seatsTaken(held.seatIds) : soldOut
  return { result, decidedBy: 'Redis', mayHaveExpired: held.mayHaveExpired, cacheUpdated: UNCHANGED }
}
