import type { Tx } from '@boxoffice/service-kit'
import { claimLocked, overOrder, refusalOfEndedOrder } from './claim.ts'
import { lockOrder } from './lock-repository.ts'
import type { StoredReservation } from './reservation.ts'
import { lockReservation } from './reservation-repository.ts'
import type { ReserveResult } from './reserve-result.ts'
import { mergeRequests, type Wish } from './wish.ts'

/** What a wish is answered whose reservation id was used before; null when it was not. */
export async function repeatReservation(
  tx: Tx,
  wish: Wish,
  claimSeconds: number,
): Promise<ReserveResult | null> {
  if (wish.orderId) await lockOrder(tx, wish.orderId)
  const standing = await lockReservation(tx, wish.reservationId)
  if (!standing) return null
  if (wish.orderId && (await refusalOfEndedOrder(tx, wish.orderId))) return overOrder
  return answerStanding(tx, standing, wish, claimSeconds)
}

/** By the same buyer for the same tickets it is the same request. */
async function answerStanding(
  tx: Tx,
  standing: StoredReservation,
  wish: Wish,
  claimSeconds: number,
): Promise<ReserveResult> {
  if (standing.userId !== wish.userId || standing.eventId !== wish.eventId || !isOf(standing, wish)) {
    return {
      outcome: 'refused',
      error: 'RESERVATION_ID_REUSED',
      message: 'this reservation id was used for something else',
    }
  }
  if (wish.orderId) {
    const claimed = await claimLocked(tx, standing, wish.orderId, claimSeconds)
    if (claimed.outcome === 'unknown') throw new Error('a locked reservation was not found')
    return claimed.outcome === 'claimed' ? { outcome: 'reserved', reservation: claimed.reservation } : claimed
  }
  return { outcome: 'reserved', reservation: standing }
}

/** Whether a reservation is what a wish asked for. Which seats were the best ones is not asked again. */
function isOf({ items }: StoredReservation, { requests }: Wish): boolean {
  const lines = mergeRequests(requests)
  return (
    lines.length === items.length &&
    lines.every(({ ticketTypeId, quantity, seatIds }) => {
      const item = items.find((item) => item.ticketTypeId === ticketTypeId)
      return item?.quantity === quantity && seatIds.every((seatId) => item.seatIds?.includes(seatId))
    })
  )
}
