import type { Tx } from '@boxoffice/service-kit'
import { claimLocked, overOrder, refusalOfEndedOrder } from './claim.ts'
import { lockOrder } from './lock-repository.ts'
import type { StoredReservation } from './reservation.ts'
import { lockReservation } from './reservation-repository.ts'
import { mergeRequests, type ReservationRequest } from './reservation-request.ts'
import type { ReserveResult } from './reserve-result.ts'

/** What a request is answered whose reservation id was used before; null when it was not. */
export async function repeatReservation(
  tx: Tx,
  request: ReservationRequest,
  claimSeconds: number,
): Promise<ReserveResult | null> {
  if (request.orderId) await lockOrder(tx, request.orderId)
  const standing = await lockReservation(tx, request.reservationId)
  if (!standing) return null
  if (request.orderId && (await refusalOfEndedOrder(tx, request.orderId))) return overOrder
  return answerStanding(tx, standing, request, claimSeconds)
}

/** By the same buyer for the same tickets it is the same request. */
async function answerStanding(
  tx: Tx,
  standing: StoredReservation,
  request: ReservationRequest,
  claimSeconds: number,
): Promise<ReserveResult> {
  if (
    standing.userId !== request.userId ||
    standing.eventId !== request.eventId ||
    !isOf(standing, request)
  ) {
    return {
      outcome: 'refused',
      error: 'RESERVATION_ID_REUSED',
      message: 'this reservation id was used for something else',
    }
  }
  if (request.orderId) {
    const claimed = await claimLocked(tx, standing, request.orderId, claimSeconds)
    if (claimed.outcome === 'unknown') throw new Error('a locked reservation was not found')
    return claimed.outcome === 'claimed' ? { outcome: 'reserved', reservation: claimed.reservation } : claimed
  }
  return { outcome: 'reserved', reservation: standing }
}

/** Whether a reservation is what a request asked for. Which seats were the best ones is not asked again. */
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
