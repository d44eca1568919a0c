import type { Tx } from '@boxoffice/service-kit'
import { claimLocked, refusalOfEndedOrder, refusedAsOrderEnded } from './claim.ts'
import { lockOrder } from './lock-repository.ts'
import type { StoredReservation } from './reservation.ts'
import { lockReservation } from './reservation-repository.ts'
import { mergeRequests, type ReservationRequest } from './reservation-request.ts'
import type { ReserveResult } from './reserve-result.ts'

/** Returns the answer to a request whose reservation id was used before; null if it was not. */
export async function replayReservation(
  tx: Tx,
  request: ReservationRequest,
  claimSeconds: number,
): Promise<ReserveResult | null> {
  if (request.orderId) await lockOrder(tx, request.orderId)
  const existing = await lockReservation(tx, request.reservationId)
  if (!existing) return null
  if (request.orderId && (await refusalOfEndedOrder(tx, request.orderId))) return refusedAsOrderEnded
  return answerExisting(tx, existing, request, claimSeconds)
}

/** The same buyer with the same tickets is the same request. */
async function answerExisting(
  tx: Tx,
  existing: StoredReservation,
  request: ReservationRequest,
  claimSeconds: number,
): Promise<ReserveResult> {
  if (
    existing.userId !== request.userId ||
    existing.eventId !== request.eventId ||
    !isOf(existing, request)
  ) {
    return {
      outcome: 'refused',
      error: 'RESERVATION_ID_REUSED',
      message: 'this reservation id was used for another request',
    }
  }
  if (request.orderId) {
    const claimed = await claimLocked(tx, existing, request.orderId, claimSeconds)
    if (claimed.outcome === 'unknown') throw new Error('a locked reservation was not found')
    return claimed.outcome === 'claimed' ? { outcome: 'reserved', reservation: claimed.reservation } : claimed
  }
  return { outcome: 'reserved', reservation: existing }
}

/**
 * Returns whether a reservation has what a request asks for. For the best available seats only their number
 * is compared.
 */
function isOf({ items }: StoredReservation, { ticketRequests }: ReservationRequest): boolean {
  const lines = mergeRequests(ticketRequests)
  return (
    lines.length === items.length &&
    lines.every(({ ticketTypeId, quantity, seatIds }) => {
      const item = items.find((item) => item.ticketTypeId === ticketTypeId)
      return item?.quantity === quantity && seatIds.every((seatId) => item.seatIds?.includes(seatId))
    })
  )
}
