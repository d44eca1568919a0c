import {
  FORBIDDEN,
  type Minor,
  orderRefusals,
  type SeatPurchase,
  type seatPurchaseRoutes,
} from '@boxoffice/contracts'
import type { HandlerAnswer, Handlers } from '@boxoffice/service-kit'
import { bodyHashOf, refuse } from '@boxoffice/service-kit'
import { refusalOf } from '../orders/answers.ts'
import type { StoredOrder } from '../orders/order-repository.ts'
import { buySeat, type SeatPurchaseDeps } from './buy-seat.ts'

export function seatPurchaseHandlers(deps: SeatPurchaseDeps): Handlers<typeof seatPurchaseRoutes> {
  return {
    async buySeat({ principal, body, idempotencyKey, rawBody }) {
      if (body.userId !== undefined && body.userId !== principal.userId) {
        return refuse(FORBIDDEN, {
          message: 'a seat can only be bought for yourself: userId is another user',
        })
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
 * Returns the seat once it has a ticket, even if it was refunded since; the refusal of a failed order; else
 * that it is in progress.
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
    // The ticket's own time, as in every other view of it.
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
    refuse(orderRefusals.ORDER_CANCELLED, {
      message: 'no ticket could be issued: the payment is being refunded',
      orderId,
    })
  )
}
type SeatAnswer = HandlerAnswer<typeof seatPurchaseRoutes.buySeat>
