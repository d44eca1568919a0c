import { type EventId, SERVICE_UNAVAILABLE, type SeatId } from '@boxoffice/contracts'
import { createGroups, RefusedError, refuse, type Sql } from '@boxoffice/service-kit'
import type { SeatedLine } from '../holds/commands.ts'
import type { MutexByKey } from '../holds/mutex-by-key.ts'
import { readStatuses } from '../holds/seat-claim-repository.ts'
import type { Plan } from '../plans/plan.ts'
import { chooseSeats } from './choose-seats.ts'
import type { HoldAttempt, HoldDecision, Holds } from './hold-attempt.ts'
import type { Offer } from './offer.ts'
import { mergeRequests, type RequestedLine, type ReservationRequest } from './reservation-request.ts'
import { type ReserveResult, seatsTaken, soldOut } from './reserve-result.ts'

/** How often a buyer may lose the chosen seats to another before being refused with 503. */
const LOSSES_MAX = 12
/** After two losses a buyer picks among this many choices, so that competing instances choose apart. */
const CANDIDATES_MAX = 6

/** Buyers of an event who choose from one reading of its map. */
const TOGETHER_MAX = 50
const EVENTS_AT_ONCE_MAX = 100

/** Reads the map of an event's seats; `mayHaveExpired`: some holds on it may have expired. */
export interface SeatMapReader {
  readNow(eventId: EventId): Promise<{ statuses: string; mayHaveExpired: boolean }>
}

interface Choosing {
  readonly request: ReservationRequest
  readonly requested: readonly RequestedLine[]
  readonly offer: Offer
  readonly plan: Plan
}

interface Chosen {
  readonly lines: readonly SeatedLine[]
  readonly attempt: HoldAttempt
}

interface Deps {
  readonly db: Sql
  readonly holds: Holds
  readonly seatMaps: SeatMapReader
  readonly eventMutex: MutexByKey<EventId>
  /** Longest queue of buyers who wait to choose; beyond it they are refused with 503. */
  readonly waitingMax: number
}

/**
 * Holds the best seats, chosen from the map by one buyer of an event after the other. Buyers who arrive
 * together share a reading of the map, and what one takes is not free for the next. A buyer who found too
 * few, or who lost the seats to another instance, chooses again from a fresh reading. If the map proves
 * wrong, the next choice is also checked against PostgreSQL.
 *
 * Refused as sold out when the map has too few free seats; after the last loss, or if the map was wrong, only
 * when PostgreSQL has too few as well, and else with 503.
 */
export function createReserveBest(deps: Deps) {
  const { hold, decide, expireHolds } = deps.holds

  const chooseTogether = createSharedChoice(deps)

  return async (request: ReservationRequest, offer: Offer, plan: Plan): Promise<ReserveResult> => {
    const { eventId } = request
    const requested = mergeRequests(request.ticketRequests)
    const choosing: Choosing = { request, requested, offer, plan }
    const named = new Set(requested.flatMap(({ seatIds }) => seatIds))
    let takenAfterAll: ReadonlySet<SeatId> = new Set()
    let losses = 0

    const chooseFrom = (statuses: string) =>
      chooseSeats(
        requested,
        offer,
        plan,
        { statuses, excluded: takenAfterAll },
        losses > 1 ? CANDIDATES_MAX : 1,
      )

    async function choose(): Promise<SeatedLine[] | null> {
      const map = await deps.seatMaps.readNow(eventId)
      const lines = chooseFrom(map.statuses)
      if (lines || !map.mayHaveExpired) return lines
      const ticketTypeIds = requested.map(({ ticketTypeId }) => ticketTypeId)
      const freed = await expireHolds({ eventId, ticketTypeIds, seatIds: [] })
      return freed ? chooseFrom((await deps.seatMaps.readNow(eventId)).statuses) : null
    }

    /** Chooses and holds until no other buyer was faster. Runs under the event's mutex. */
    async function chooseAndHold(): Promise<ReserveResult> {
      while (losses < LOSSES_MAX) {
        const lines = await choose()
        if (!lines) return takenAfterAll.size === 0 ? soldOut : refuseOrPutOff(deps.db, choosing)
        const result = await resultOf(await hold({ request, lines, plan }))
        if (result) return result
      }
      return refuseOrPutOff(deps.db, choosing)
    }

    /** Returns null when another buyer got the chosen seats. */
    async function resultOf({ result, decidedBy }: HoldDecision): Promise<ReserveResult | null> {
      if (result.outcome !== 'refused' || result.error !== 'SEATS_TAKEN') return result
      const taken = (result.seatIds ?? []).filter((seatId) => named.has(seatId))
      if (taken.length > 0) return seatsTaken(taken)
      losses++
      const wasMapWrong = decidedBy === 'database'
      if (wasMapWrong) takenAfterAll = await listTaken(deps.db, eventId, plan)
      return null
    }

    const first = await chooseTogether(choosing)
    const result =
      first && (await resultOf(await decide({ request, lines: first.lines, plan }, first.attempt)))
    return result ?? deps.eventMutex(eventId, chooseAndHold)
  }
}

/**
 * Groups buyers of an event who choose from one reading of its map, and holds their choices together. Gives
 * null for a buyer for whom the map has too few free seats.
 */
const createSharedChoice = (deps: Pick<Deps, 'seatMaps' | 'holds' | 'waitingMax'>) =>
  createGroups<Choosing, Chosen | null>({
    keyOf: ({ request }) => request.eventId,
    mixesKeys: false,
    groupMax: TOGETHER_MAX,
    groupsAtOnceMax: EVENTS_AT_ONCE_MAX,
    waitingMax: deps.waitingMax,
    run: async (choosing) => {
      const [{ request }] = choosing as [Choosing]
      const { statuses } = await deps.seatMaps.readNow(request.eventId)
      const excluded = new Set<SeatId>()
      const chosen = choosing.map(({ request, requested, offer, plan }) => {
        const lines = chooseSeats(requested, offer, plan, { statuses, excluded })
        for (const seatId of lines?.flatMap(({ seatIds }) => seatIds ?? []) ?? []) excluded.add(seatId)
        return lines && { request, lines, plan }
      })
      const seated = chosen.filter((one) => one !== null)
      const attempts = seated.length > 0 ? await deps.holds.attemptAll(seated) : []
      return chosen.map((one) => one && { lines: one.lines, attempt: attempts.shift() as HoldAttempt })
    },
  })

/** Returns the seats of an event that are not free in PostgreSQL. */
async function listTaken(db: Sql, eventId: EventId, plan: Plan): Promise<Set<SeatId>> {
  const { statuses } = await readStatuses(db, eventId)
  return new Set(plan.seats.flatMap(({ index, seatId }) => (statuses[index] === '.' ? [] : [seatId])))
}

/** Refuses as sold out if PostgreSQL agrees; else throws 503. */
async function refuseOrPutOff(
  db: Sql,
  { request, requested, offer, plan }: Choosing,
): Promise<ReserveResult> {
  const { statuses } = await readStatuses(db, request.eventId)
  if (!chooseSeats(requested, offer, plan, { statuses, excluded: new Set() })) return soldOut
  throw new RefusedError(
    refuse(SERVICE_UNAVAILABLE, { message: 'too many buyers want these seats: try again shortly' }),
  )
}
