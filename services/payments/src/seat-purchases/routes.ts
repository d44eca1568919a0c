import type { Minor, SeatPurchase, seatPurchaseRoutes } from '@boxoffice/contracts'
import type { HandlerAnswer, Handlers } from '@boxoffice/service-kit'
import { bodyHashOf, refuse } from '@boxoffice/service-kit'
import type { Dependencies } from '../dependencies.ts'
import { refusalOf } from '../orders/answers.ts'
import type { StoredOrder } from '../orders/order-repository.ts'
import { buySeat } from './buy-seat.ts'

export function seatPurchaseHandlers(deps: Dependencies): Handlers<typeof seatPurchaseRoutes> {
  return {
    async buySeat({ principal, body, idempotencyKey, rawBody }) {
      if (body.userId !== undefined && body.userId !== principal.userId) {
        return refuse(403, 'FORBIDDEN', 'a seat is bought for oneself: userId is another user')
      }
      const order = await buySeat(deps, {
        principal,
        body,
        key: idempotencyKey,
        bodyHash: bodyHashOf(rawBody),
      })
      return answerOf(body, order)
    },
  }
}

/**
 * The seat once it has a ticket, and so again whatever came since; the refusal of an order that came to
 * nothing; else that it goes on.
 */
function answerOf(
  { venueId, eventId, zoneId, rowLabel, colLabel }: SeatPurchase,
  order: StoredOrder,
): SeatAnswer {
  const { orderId, status, currency, totalAmount, completedAt, createdAt } = order
  const [ticket] = order.tickets ?? []
  if (ticket && currency) {
    const seat = { venueId, eventId, zoneId, rowLabel, colLabel }
    const price = totalAmount ?? (0 as Minor)
    const { ticketId } = ticket
    // The ticket's own time, as every other view of it has it.
    const createdOn = ticket.createdAt ?? completedAt ?? createdAt
    const body = {
      ticketId,
      orderId,
      status: 'CONFIRMED' as const,
      ...seat,
      price,
      currency,
      createdOn,
    }
    return { status: 201, body }
  }
  if (status === 'PENDING' || status === 'PAID') return { status: 202, body: { orderId, status: 'PENDING' } }
  return (
    refusalOf(order) ??
    refuse(409, 'ORDER_CANCELLED', 'there was no ticket for the money, which goes back', { orderId })
  )
}
type SeatAnswer = HandlerAnswer<typeof seatPurchaseRoutes.buySeat>
