import type { SeatId, TicketRequest } from '@boxoffice/contracts'
import type { Plan } from '../plans/plan.ts'
import { type NotReserved, type Offer, refusalOf } from './offer.ts'
import type { StoredReservation } from './reservation.ts'
import { type Detail, invalidIn, mergeRequests, type ReservationRequest } from './reservation-request.ts'

/** The result of a request to hold tickets. */
export type ReserveResult =
  | { outcome: 'reserved'; reservation: StoredReservation }
  | ({ outcome: 'refused' } & NotReserved)
  | { outcome: 'unknown-event' }
  | { outcome: 'invalid'; details: readonly Detail[] }

export const soldOut: ReserveResult & { outcome: 'refused' } = {
  outcome: 'refused',
  error: 'INSUFFICIENT_INVENTORY',
  message: 'not enough tickets are left',
}
export const seatsTaken = (seatIds: readonly SeatId[]): ReserveResult & { outcome: 'refused' } => ({
  outcome: 'refused',
  error: 'SEATS_TAKEN',
  message: `${seatIds.length === 1 ? 'this seat is' : 'these seats are'} taken: ${seatIds.join(', ')}`,
  seatIds,
})

/** Returns whether the requested places are not (or no longer) available. */
export const isTaken = (result: ReserveResult | 'EXISTING') =>
  result !== 'EXISTING' &&
  result.outcome === 'refused' &&
  (result.error === 'INSUFFICIENT_INVENTORY' || result.error === 'SEATS_TAKEN')

/** Returns why an offer refuses a request from any buyer; null when it does not. */
export function refuseOffer(
  offer: Offer,
  plan: Plan | null,
  request: ReservationRequest,
): ReserveResult | null {
  const isKnown = ({ ticketTypeId }: TicketRequest) =>
    offer.types.some((type) => type.ticketTypeId === ticketTypeId)
  // The existence of a draft is not revealed to a caller who does not know its ticket types.
  if (offer.replica.status === 'DRAFT' && !request.ticketRequests.every(isKnown))
    return { outcome: 'unknown-event' }
  const details = invalidIn(request.ticketRequests, offer, plan)
  if (details.length > 0) return { outcome: 'invalid', details }
  const refusal = refusalOf(offer, mergeRequests(request.ticketRequests), offer.asOf)
  return refusal && { outcome: 'refused', ...refusal }
}
