import { type CrashAt, createGroups, type SqlDatabase } from '@boxoffice/service-kit'
import type { AvailabilityCache } from '../holds/availability-cache.ts'
import { type Expiry, wantedPlacesOf } from './expire.ts'
import type { HoldAttempt, HoldDecision, Holds, SeatedRequest, WantedPlaces } from './hold-attempt.ts'
import { createGroupedHolds, GROUP_MAX, TRANSACTIONS_AT_ONCE_MAX } from './hold-in-group.ts'
import { replayReservation } from './replay-reservation.ts'
import { isLive } from './reservation.ts'
import type { ReservationRequest } from './reservation-request.ts'
import type { ReserveResult } from './reserve-result.ts'

const EXPIRY_RETRIES_MAX = 2

/** Holds places in Redis and the database, and removes expired holds that are in the way. */
export function createHolds(deps: {
  db: SqlDatabase
  availabilityCache: AvailabilityCache
  expiry: Expiry
  crashAt: CrashAt
  claimSeconds: number
  liveMax: number
  /** Longest queue of holds that wait for those before them; beyond it they are refused with 503. */
  waitingMax: number
}): Holds {
  const { db, availabilityCache } = deps
  const { attempt, attemptAll } = createGroupedHolds(deps)

  const expireHolds = createGroups<WantedPlaces, boolean>({
    keyOf: ({ eventId }) => eventId,
    run: async (wanted) => {
      const expired = await db.transact((tx) => deps.expiry.expireOf(tx, allOf(wanted), { wait: true }))
      await availabilityCache.release(expired)
      return wanted.map(() => expired.length > 0)
    },
    mixesKeys: false,
    groupMax: GROUP_MAX,
    groupsAtOnceMax: TRANSACTIONS_AT_ONCE_MAX,
    waitingMax: deps.waitingMax,
  })

  const hold = async (seated: SeatedRequest): Promise<HoldDecision> => decide(seated, await attempt(seated))

  async function decide(seated: SeatedRequest, first: HoldAttempt): Promise<HoldDecision> {
    let latest = first
    for (let retries = 0; latest.mayHaveExpired && retries < EXPIRY_RETRIES_MAX; retries++) {
      if (!(await expireHolds(wantedPlacesOf(seated.request.eventId, seated.lines)))) break
      latest = await attempt(seated)
    }
    const { result, decidedBy } = latest
    if (result === 'EXISTING') return { result: await replayExisting(seated.request), decidedBy }
    await latest.cacheUpdated
    return { result, decidedBy }
  }

  async function replayExisting(request: ReservationRequest): Promise<ReserveResult> {
    const result = await replay(request)
    if (!result) throw new Error(`reservation ${request.reservationId} has disappeared`)
    if (result.outcome === 'reserved' && !isLive(result.reservation))
      await availabilityCache.release([request])
    // The id belongs to a reservation for other tickets: reconciliation frees the places that this request
    // took in Redis.
    if (result.outcome === 'refused') availabilityCache.markStale(request.eventId)
    return result
  }

  async function replay(request: ReservationRequest): Promise<ReserveResult | null> {
    const result = await db.transact((tx) => replayReservation(tx, request, deps.claimSeconds))
    if (result?.outcome === 'reserved' && isLive(result.reservation))
      await availabilityCache.confirm(result.reservation)
    return result
  }

  return { hold, attemptAll, decide, replay, expireHolds }
}

/** Merges what several buyers of one event want. */
function allOf(wanted: readonly WantedPlaces[]): WantedPlaces {
  const [{ eventId }] = wanted as [WantedPlaces]
  return {
    eventId,
    ticketTypeIds: [...new Set(wanted.flatMap(({ ticketTypeIds }) => ticketTypeIds))],
    seatIds: [...new Set(wanted.flatMap(({ seatIds }) => seatIds))],
  }
}
