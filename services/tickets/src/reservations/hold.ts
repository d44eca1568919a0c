import { type CrashAt, createGroups, type SqlDatabase } from '@boxoffice/service-kit'
import type { AvailabilityCache } from '../holds/availability-cache.ts'
import { type Expiry, wantedPlacesOf } from './expire.ts'
import { createGroupedPlacing, GROUP_MAX, TRANSACTIONS_AT_ONCE_MAX } from './place-in-group.ts'
import type { Holding, Placed, Resolved, SeatedRequest, WantedPlaces } from './placing.ts'
import { repeatReservation } from './repeat-reservation.ts'
import { isLive } from './reservation.ts'
import type { ReservationRequest } from './reservation-request.ts'
import type { ReserveResult } from './reserve-result.ts'

const EXPIRY_RETRIES_MAX = 2

/** Holds places in Redis and the database, and removes expired holds that are in the way. */
export function createHolding(deps: {
  db: SqlDatabase
  availabilityCache: AvailabilityCache
  expiry: Expiry
  crashAt: CrashAt
  claimSeconds: number
  liveMax: number
  /** Longest queue of holds that wait for those before them; beyond it they are refused with 503. */
  waitingMax: number
}): Holding {
  const { db, availabilityCache } = deps
  const { placeInGroup, placeAll } = createGroupedPlacing(deps)

  /** Expires overdue holds of the wanted places; returns whether there were any. */
  const expireHolds = createGroups<WantedPlaces, boolean>({
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

  /** Holds a request, grouped with those that arrive at the same time. */
  const place = async (seated: SeatedRequest): Promise<Resolved> =>
    resolve(seated, await placeInGroup(seated))

  /** Resolves a grouped result, retrying after expired holds in its way were removed. */
  async function resolve(seated: SeatedRequest, first: Placed): Promise<Resolved> {
    let placed = first
    for (let retries = 0; placed.mayHaveExpired && retries < EXPIRY_RETRIES_MAX; retries++) {
      if (!(await expireHolds(wantedPlacesOf(seated.request.eventId, seated.lines)))) break
      placed = await placeInGroup(seated)
    }
    const { result, by } = placed
    if (result === 'EXISTING') return { result: await repeatExisting(seated.request), by }
    await placed.cacheUpdated
    return { result, by }
  }

  async function repeatExisting(request: ReservationRequest): Promise<ReserveResult> {
    const result = await repeat(request)
    if (!result) throw new Error(`reservation ${request.reservationId} has disappeared`)
    if (result.outcome === 'reserved' && !isLive(result.reservation))
      await availabilityCache.release([request])
    // The id belongs to a reservation for other tickets: reconciliation frees the places that this request
    // took in Redis.
    if (result.outcome === 'refused') availabilityCache.markStale(request.eventId)
    return result
  }

  /** Returns the answer to an earlier request with the same id; null if there was none. */
  async function repeat(request: ReservationRequest): Promise<ReserveResult | null> {
    const result = await db.transact((tx) => repeatReservation(tx, request, deps.claimSeconds))
    if (result?.outcome === 'reserved' && isLive(result.reservation))
      await availabilityCache.confirm(result.reservation)
    return result
  }

  return { place, placeAll, resolve, repeat, expireHolds }
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
