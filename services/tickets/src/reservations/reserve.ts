import type { EventId, SeatId } from '@boxoffice/contracts'
import type { Transact, Tx } from '@boxoffice/service-kit'
import type { SeatedLine } from '../holds/redis-picture.ts'
import type { Turns } from '../holds/turns.ts'
import type { Plan } from '../seating/plan.ts'
import type { FindPlan } from '../seating/plans.ts'
import type { SeatMaps } from '../seating/seat-maps.ts'
import { chooseSeats, namedSeats } from './choose-seats.ts'
import type { createHolding } from './hold.ts'
import type { Offer } from './offer.ts'
import type { FindOffer } from './offers.ts'
import { isLive } from './reservation.ts'
import { findReservation } from './reservation-repository.ts'
import { type ReserveResult, seatsTaken, soldOut } from './reserve-result.ts'
import { mergeRequests, type Wish } from './wish.ts'
import { refuseOffer, writeReservation } from './write-reservation.ts'

type Holding = ReturnType<typeof createHolding>

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
  holding: Holding
  seatMaps: Pick<SeatMaps, 'readNow'>
  turns: Turns<EventId>
  findOffer: FindOffer
  findPlan: FindPlan
  claimSeconds: number
  liveMax: number
}) {
  const { hold, keep, confirm, takeOver } = deps.holding

  async function reserve(wish: Wish): Promise<ReserveResult> {
    if (wish.repeatable && (await findReservation(deps.sql, wish.reservationId))) {
      const result = await deps.transact((tx) => writeReservation(tx, wish, [], null, deps))
      if (result.outcome === 'reserved' && isLive(result.reservation)) await confirm(result.reservation)
      return result
    }
    let found = await find(wish, 'believed')
    // A type that was made a moment ago is not in every offer that is believed.
    if (found?.refusal?.outcome === 'invalid') found = await find(wish, 'now')
    if (!found) return { outcome: 'unknown-event' }
    const { offer, plan, refusal } = found
    if (refusal) return refusal
    const wished = mergeRequests(wish.requests)
    if (plan && wished.some(({ bestCount }) => bestCount > 0)) return reserveBest(wish, offer, plan)
    const lines = namedSeats(wished, plan)
    return keep(wish, lines, plan, await hold(wish, lines))
  }

  async function find(wish: Wish, as: 'believed' | 'now') {
    const offer = await deps.findOffer(wish.eventId, as)
    if (!offer) return null
    const plan = offer.types.some(({ kind }) => kind === 'SEATED') ? await deps.findPlan(wish.eventId) : null
    return { offer, plan, refusal: refuseOffer(offer, plan, wish) }
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

  return reserve
}
export type Reserve = ReturnType<typeof createReserve>
