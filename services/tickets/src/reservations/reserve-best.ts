import type { EventId, SeatId } from '@boxoffice/contracts'
import { createGroups, RefusedError, refuse, type Tx } from '@boxoffice/service-kit'
import type { SeatedLine } from '../holds/redis-picture.ts'
import { readStatuses } from '../holds/seat-claim-repository.ts'
import type { Turns } from '../holds/turns.ts'
import type { Plan } from '../seating/plan.ts'
import type { SeatMaps } from '../seating/seat-maps.ts'
import { chooseSeats } from './choose-seats.ts'
import type { Held, Holding } from './hold.ts'
import type { Offer } from './offer.ts'
import { type ReserveResult, seatsTaken, soldOut } from './reserve-result.ts'
import { mergeRequests, type Wish, type WishedLine } from './wish.ts'

/** How often somebody else may be faster before a buyer is asked to come again. */
const LOSSES_MAX = 12
/** Who has lost twice chooses among so many, so that instances that choose at once choose apart. */
const CANDIDATES_MAX = 6

/** Buyers of an event who choose from one reading of its map. */
const TOGETHER_MAX = 50
const EVENTS_AT_ONCE_MAX = 100

interface Choosing {
  readonly wish: Wish
  readonly wished: readonly WishedLine[]
  readonly offer: Offer
  readonly plan: Plan
}

interface Chosen {
  readonly lines: SeatedLine[]
  readonly held: Held
  /** What became of it where it is over: refused by Redis, or written without. */
  readonly result: ReserveResult | null
}

/**
 * Hold the best seats. They are chosen from the map, one buyer of an event after the other: those who come together from one reading of
 * it, what one takes is not free for the next. They are chosen anew, each from a reading of its own, when there were not enough or
 * somebody of another instance was faster. Where the map turns out to be wrong, what is chosen next is free in PostgreSQL too, and written
 * before the next one chooses. Refused as sold out when the map has not so many; after the last loss, or where the map was wrong,
 * only when PostgreSQL has not so many either, else with 503.
 */
export function createReserveBest(deps: {
  /** For reading outside of any transaction. */
  sql: Tx
  holding: Holding
  seatMaps: Pick<SeatMaps, 'readNow'>
  turns: Turns<EventId>
  /** Buyers who wait to choose; beyond it they are refused with 503. */
  waitingMax: number
}) {
  const { hold, keep, takeOver } = deps.holding

  /**
   * The best seats for buyers of one event, held in one command; null for whom the map has not so many. Without Redis they are written
   * before the next buyers choose.
   */
  const chooseTogether = createGroups<Choosing, Chosen | null>({
    laneOf: ({ wish }) => wish.eventId,
    mixesLanes: false,
    groupMax: TOGETHER_MAX,
    groupsAtOnceMax: EVENTS_AT_ONCE_MAX,
    waitingMax: deps.waitingMax,
    run: async (choosing) => {
      const [{ wish }] = choosing as [Choosing]
      const { statuses } = await deps.seatMaps.readNow(wish.eventId)
      const passedOver = new Set<SeatId>()
      return Promise.all(
        choosing.map(async ({ wish, wished, offer, plan }) => {
          const lines = chooseSeats(wished, offer, plan, { statuses, passedOver })
          for (const seatId of lines?.flatMap(({ seatIds }) => seatIds ?? []) ?? []) passedOver.add(seatId)
          if (!lines) return null
          const held = await hold(wish, lines)
          return { lines, held, result: held === 'held' ? null : await keep(wish, lines, plan, held) }
        }),
      )
    },
  })

  return async (wish: Wish, offer: Offer, plan: Plan): Promise<ReserveResult> => {
    const { eventId } = wish
    const wished = mergeRequests(wish.requests)
    const named = new Set(wished.flatMap(({ seatIds }) => seatIds))
    let takenAfterAll: ReadonlySet<SeatId> = new Set()
    let losses = 0

    const chooseFrom = (statuses: string) =>
      chooseSeats(wished, offer, plan, { statuses, passedOver: takenAfterAll }, losses > 1 ? CANDIDATES_MAX : 1)

    async function choose(): Promise<SeatedLine[] | null> {
      const map = await deps.seatMaps.readNow(eventId)
      const lines = chooseFrom(map.statuses)
      if (lines || !map.mayBeOver) return lines
      const ticketTypeIds = wished.map(({ ticketTypeId }) => ticketTypeId)
      const freed = await takeOver({ eventId, ticketTypeIds, seatIds: [] })
      return freed ? chooseFrom((await deps.seatMaps.readNow(eventId)).statuses) : null
    }

    /** In one's turn: choose and hold until nobody was faster. What Redis holds is written later, unless `toTheEnd`. */
    async function chooseAndHold(toTheEnd: boolean): Promise<{ lines: SeatedLine[]; held: Held } | ReserveResult> {
      while (losses < LOSSES_MAX) {
        const lines = await choose()
        if (!lines) return takenAfterAll.size === 0 ? soldOut : refuseOrPutOff()
        const held = await hold(wish, lines)
        if (held === 'held' && !toTheEnd) return { lines, held }
        const result = await settle(await keep(wish, lines, plan, held), held)
        if (result) return result
      }
      return refuseOrPutOff()
    }

    /** Null when somebody else has what was chosen. */
    async function settle(result: ReserveResult, held: Held): Promise<ReserveResult | null> {
      if (result.outcome !== 'refused' || result.error !== 'SEATS_TAKEN') return result
      const taken = (result.seatIds ?? []).filter((seatId) => named.has(seatId))
      if (taken.length > 0) return seatsTaken(taken)
      losses++
      const wasMapWrong = typeof held === 'string'
      if (wasMapWrong) takenAfterAll = await listTaken()
      return null
    }

    async function listTaken(): Promise<Set<SeatId>> {
      const { statuses } = await readStatuses(deps.sql, eventId)
      return new Set(plan.seats.flatMap(({ index, seatId }) => (statuses[index] === '.' ? [] : [seatId])))
    }

    /** Sold out, where PostgreSQL says so too. */
    async function refuseOrPutOff(): Promise<ReserveResult> {
      const { statuses } = await readStatuses(deps.sql, eventId)
      if (!chooseSeats(wished, offer, plan, { statuses, passedOver: new Set() })) return soldOut
      throw new RefusedError(refuse(503, 'SERVICE_UNAVAILABLE', 'too many buyers want these seats: try again shortly'))
    }

    const first = await chooseTogether({ wish, wished, offer, plan })
    if (first) {
      const result = await settle(first.result ?? (await keep(wish, first.lines, plan, first.held)), first.held)
      if (result) return result
    }
    for (;;) {
      const chosen = await deps.turns(eventId, () => chooseAndHold(losses > 0))
      if ('outcome' in chosen) return chosen
      const result = await settle(await keep(wish, chosen.lines, plan, chosen.held), chosen.held)
      if (result) return result
    }
  }
}
