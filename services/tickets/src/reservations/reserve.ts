import type { EventId } from '@boxoffice/contracts'
import type { Sql } from '@boxoffice/service-kit'
import type { MutexByKey } from '../holds/mutex-by-key.ts'
import type { Plan } from '../plans/plan.ts'
import { namedSeats } from './choose-seats.ts'
import type { Offer } from './offer.ts'
import type { Holding } from './placing.ts'
import { mergeRequests, type ReservationRequest } from './reservation-request.ts'
import { createReserveBest, type ReadSeatMap } from './reserve-best.ts'
import { type ReserveResult, refuseOffer } from './reserve-result.ts'

/**
 * Hold tickets, all or none: Redis first, which refuses the crowd; then one transaction, which is the truth;
 * then Redis again. All that arrive together share these. Without Redis through PostgreSQL alone. Where holds
 * are over that still stand in the way, they are expired and it is tried once more. The same reservation id
 * gives the same answer, whatever has changed since.
 */
export function createReserve(deps: {
  db: Sql
  holding: Holding
  seatMaps: ReadSeatMap
  eventMutex: MutexByKey<EventId>
  /** What an event sells; null for an event that is not known. */
  findOffer(eventId: EventId, as: 'cached' | 'now'): Promise<Offer | null>
  /** The event's plan; null while no seats are offered. */
  findPlan(eventId: EventId): Promise<Plan | null>
  waitingMax: number
}) {
  const { place, repeat } = deps.holding
  const reserveBest = createReserveBest(deps)

  async function reserve(request: ReservationRequest): Promise<ReserveResult> {
    const result = await reserveNew(request)
    if (!request.repeatable || result.outcome === 'reserved') return result
    return (await repeat(request)) ?? result
  }

  async function reserveNew(request: ReservationRequest): Promise<ReserveResult> {
    let found = await find(request, 'cached')
    // A type that was made a moment ago is not in every offer that is believed.
    if (found?.refusal?.outcome === 'invalid') found = await find(request, 'now')
    if (!found) return { outcome: 'unknown-event' }
    const { offer, plan, refusal } = found
    if (refusal) return refusal
    const requested = mergeRequests(request.ticketRequests)
    if (plan && requested.some(({ bestCount }) => bestCount > 0)) return reserveBest(request, offer, plan)
    return (await place({ request, lines: namedSeats(requested, plan), plan })).result
  }

  async function find(request: ReservationRequest, as: 'cached' | 'now') {
    const offer = await deps.findOffer(request.eventId, as)
    if (!offer) return null
    const plan = offer.types.some(({ kind }) => kind === 'SEATED')
      ? await deps.findPlan(request.eventId)
      : null
    return { offer, plan, refusal: refuseOffer(offer, plan, request) }
  }

  return reserve
}
export type Reserve = ReturnType<typeof createReserve>
