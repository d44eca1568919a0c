import { type EventId, SERVICE_UNAVAILABLE, type SeatId } from '@boxoffice/contracts'
import { createGroups, RefusedError, refuse, type Sql } from '@boxoffice/service-kit'
import type { SeatedLine } from '../holds/commands.ts'
import type { MutexByKey } from '../holds/mutex-by-key.ts'
import { readStatuses } from '../holds/seat-claim-repository.ts'
import type { Plan } from '../plans/plan.ts'
import { chooseSeats } from './choose-seats.ts'
import type { Offer } from './offer.ts'
import type { Holding, Placed, Settled } from './placing.ts'
import { mergeRequests, type RequestedLine, type ReservationRequest } from './reservation-request.ts'
import { type ReserveResult, seatsTaken, soldOut } from './reserve-result.ts'

/** How often somebody else may be faster before a buyer is asked to come again. */
const LOSSES_MAX = 12
/** Who has lost twice chooses among so many, so that instances that choose at once choose apart. */
const CANDIDATES_MAX = 6

/** Buyers of an event who choose from one reading of its map. */
const TOGETHER_MAX = 50
const EVENTS_AT_ONCE_MAX = 100

/** Reads the map of an event's seats; `mayBeOver`: holds on it may have ended. */
export interface ReadSeatMap {
  readNow(eventId: EventId): Promise<{ statuses: string; mayBeOver: boolean }>
}

interface Choosing {
  readonly request: ReservationRequest
  readonly requested: readonly RequestedLine[]
  readonly offer: Offer
  readonly plan: Plan
}

interface Chosen {
  readonly lines: readonly SeatedLine[]
  readonly placed: Placed
}

/**
 * Hold the best seats. They are chosen from the map, one buyer of an event after the other: those who come
 * together from one reading of it, what one takes is not free for the next. They are chosen anew, each from a
 * reading of its own, when there were not enough or somebody of another instance was faster. Where the map
 * turns out to be wrong, what is chosen next is free in PostgreSQL too. Refused as sold out when the map has
 * not so many; after the last loss, or where the map was wrong, only when PostgreSQL has not so many either,
 * else with 503.
 */
export function createReserveBest(deps: {
  db: Sql
  holding: Holding
  seatMaps: ReadSeatMap
  eventMutex: MutexByKey<EventId>
  /** Buyers who wait to choose; beyond it they are refused with 503. */
  waitingMax: number
}) {
  const { place, placeAll, settle, takeOver } = deps.holding

  /**
   * The best seats for buyers of one event, chosen and held together; null for whom the map has not so many.
   */
  const chooseTogether = createGroups<Choosing, Chosen | null>({
    laneOf: ({ request }) => request.eventId,
    mixesLanes: false,
    groupMax: TOGETHER_MAX,
    groupsAtOnceMax: EVENTS_AT_ONCE_MAX,
    waitingMax: deps.waitingMax,
    run: async (choosing) => {
      const [{ request }] = choosing as [Choosing]
      const { statuses } = await deps.seatMaps.readNow(request.eventId)
      const passedOver = new Set<SeatId>()
      const chosen = choosing.map(({ request, requested, offer, plan }) => {
        const lines = chooseSeats(requested, offer, plan, { statuses, passedOver })
        for (const seatId of lines?.flatMap(({ seatIds }) => seatIds ?? []) ?? []) passedOver.add(seatId)
        return lines && { request, lines, plan }
      })
      const seated = chosen.filter((one) => one !== null)
      const placed = seated.length > 0 ? await placeAll(seated) : []
      return chosen.map((one) => one && { lines: one.lines, placed: placed.shift() as Placed })
    },
  })

  return async (request: ReservationRequest, offer: Offer, plan: Plan): Promise<ReserveResult> => {
    const { eventId } = request
    const requested = mergeRequests(request.ticketRequests)
    const named = new Set(requested.flatMap(({ seatIds }) => seatIds))
    let takenAfterAll: ReadonlySet<SeatId> = new Set()
    let losses = 0

    const chooseFrom = (statuses: string) =>
      chooseSeats(
        requested,
        offer,
        plan,
        { statuses, passedOver: takenAfterAll },
        losses > 1 ? CANDIDATES_MAX : 1,
      )

    async function choose(): Promise<SeatedLine[] | null> {
      const map = await deps.seatMaps.readNow(eventId)
      const lines = chooseFrom(map.statuses)
      if (lines || !map.mayBeOver) return lines
      const ticketTypeIds = requested.map(({ ticketTypeId }) => ticketTypeId)
      const freed = await takeOver({ eventId, ticketTypeIds, seatIds: [] })
      return freed ? chooseFrom((await deps.seatMaps.readNow(eventId)).statuses) : null
    }

    /** In one's turn: choose and hold until nobody was faster. */
    async function chooseAndPlace(): Promise<ReserveResult> {
      while (losses < LOSSES_MAX) {
        const lines = await choose()
        if (!lines) return takenAfterAll.size === 0 ? soldOut : refuseOrPutOff()
        const result = await resultOf(await place({ request, lines, plan }))
        if (result) return result
      }
      return refuseOrPutOff()
    }

    /** Null when somebody else has what was chosen. */
    async function resultOf({ result, by }: Settled): Promise<ReserveResult | null> {
      if (result.outcome !== 'refused' || result.error !== 'SEATS_TAKEN') return result
      const taken = (result.seatIds ?? []).filter((seatId) => named.has(seatId))
      if (taken.length > 0) return seatsTaken(taken)
      losses++
      const wasMapWrong = by === 'database'
      if (wasMapWrong) takenAfterAll = await listTaken()
      return null
    }

    async function listTaken(): Promise<Set<SeatId>> {
      const { statuses } = await readStatuses(deps.db, eventId)
      return new Set(plan.seats.flatMap(({ index, seatId }) => (statuses[index] === '.' ? [] : [seatId])))
    }

    /** Sold out, where PostgreSQL says so too. */
    async function refuseOrPutOff(): Promise<ReserveResult> {
      const { statuses } = await readStatuses(deps.db, eventId)
      if (!chooseSeats(requested, offer, plan, { statuses, passedOver: new Set() })) return soldOut
      throw new RefusedError(
        refuse(SERVICE_UNAVAILABLE, { message: 'too many buyers want these seats: try again shortly' }),
      )
    }

    const first = await chooseTogether({ request, requested, offer, plan })
    const result =
      first && (await resultOf(await settle({ request, lines: first.lines, plan }, first.placed)))
    return result ?? deps.eventMutex(eventId, chooseAndPlace)
  }
}
