import type { EventId } from '@boxoffice/contracts'
import type { Sql } from '@boxoffice/service-kit'
import type { MutexByKey } from '../holds/mutex-by-key.ts'
import type { Plan } from '../plans/plan.ts'
import { namedSeats } from './choose-seats.ts'
import type { Holds } from './hold-attempt.ts'
import type { Offer, OfferSource } from './offer.ts'
import { mergeRequests, type ReservationRequest } from './reservation-request.ts'
import { createReserveBest, type SeatMapReader } from './reserve-best.ts'
import { type ReserveResult, refuseOffer } from './reserve-result.ts'

/**
 * Holds tickets, all or none: provisionally in Redis, which refuses most of a crowd; then in one transaction,
 * which decides; then finally in Redis. Requests that arrive together share these steps. If Redis is
 * unavailable, PostgreSQL alone decides. Expired holds in the way are removed, and the request is retried.
 * The same reservation id always gets the same answer.
 */
export function createReserve(deps: {
  db: Sql
  holds: Holds
  seatMaps: SeatMapReader
  eventMutex: MutexByKey<EventId>
  /** Finds what an event sells; null for an unknown event. */
  findOffer(eventId: EventId, from: OfferSource): Promise<Offer | null>
  /** Finds the event's plan; null while it offers no seats. */
  findPlan(eventId: EventId): Promise<Plan | null>
  waitingMax: number
}) {
  const { hold, replay } = deps.holds
  const reserveBest = createReserveBest(deps)

  async function reserve(request: ReservationRequest): Promise<ReserveResult> {
    const result = await reserveNew(request)
    if (!request.repeatable || result.outcome === 'reserved') return result
    return (await replay(request)) ?? result
  }

  async function reserveNew(request: ReservationRequest): Promise<ReserveResult> {
    let found = await find(request, 'cache')
    // A type made a moment ago may be missing from the cached offer.
    if (found?.refusal?.outcome === 'invalid') found = await find(request, 'database')
    if (!found) return { outcome: 'unknown-event' }
    const { offer, plan, refusal } = found
    if (refusal) return refusal
    const requested = mergeRequests(request.ticketRequests)
    if (plan && requested.some(({ bestCount }) => bestCount > 0)) return reserveBest(request, offer, plan)
    return (await hold({ request, lines: namedSeats(requested, plan), plan })).result
  }

  async function find(request: ReservationRequest, from: OfferSource) {
    const offer = await deps.findOffer(request.eventId, from)
    if (!offer) return null
    const plan = offer.types.some(({ kind }) => kind === 'SEATED')
      ? await deps.findPlan(request.eventId)
      : null
    return { offer, plan, refusal: refuseOffer(offer, plan, request) }
  }

  return reserve
}
export type Reserve = ReturnType<typeof createReserve>
