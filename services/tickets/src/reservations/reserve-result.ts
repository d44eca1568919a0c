import type { SeatId, TicketRequest } from '@boxoffice/contracts'
import type { Plan } from '../plans/plan.ts'
import { type NotReserved, type Offer, refusalOf } from './offer.ts'
import type { StoredReservation } from './reservation.ts'
import { type Detail, invalidIn, mergeRequests, type ReservationRequest } from './reservation-request.ts'

/** What became of a request to hold tickets. */
export type ReserveResult =
  | { outcome: 'reserved'; reservation: StoredReservation }
  | ({ outcome: 'refused' } & NotReserved)
  | { outcome: 'unknown-event' }
  | { outcome: 'invalid'; details: readonly Detail[] }

export const soldOut: ReserveResult & { outcome: 'refused' } = {
  outcome: 'refused',
  error: 'INSUFFICIENT_INVENTORY',
  message: 'not so many tickets are left',
}
export const seatsTaken = (seatIds: readonly SeatId[]): ReserveResult & { outcome: 'refused' } => ({
  outcome: 'refused',
  error: 'SEATS_TAKEN',
  message: `${seatIds.length === 1 ? 'this seat is' : 'these seats are'} taken: ${seatIds.join(', ')}`,
  seatIds,
})

/** Whether what was wanted is not there (any more). */
export const isTaken = (result: ReserveResult | 'STANDING') =>
  result !== 'STANDING' &&
  result.outcome === 'refused' &&
  (result.error === 'INSUFFICIENT_INVENTORY' || result.error === 'SEATS_TAKEN')

/** Why an offer refuses a request, whoever asks; null when it does not. */
export function refuseOffer(
  offer: Offer,
  plan: Plan | null,
  request: ReservationRequest,
): ReserveResult | null {
  const isKnown = ({ ticketTypeId }: TicketRequest) =>
    offer.types.some((type) => type.ticketTypeId === ticketTypeId)
  // Whoever does not know what a draft sells is not told that it is there.
  if (offer.replica.status === 'DRAFT' && !request.ticketRequests.every(isKnown))
    return { outcome: 'unknown-event' }
  const details = invalidIn(request.ticketRequests, offer, plan)
  if (details.length > 0) return { outcome: 'invalid', details }
  const refusal = refusalOf(offer, mergeRequests(request.ticketRequests), offer.asOf)
  return refusal && { outcome: 'refused', ...refusal }
}
