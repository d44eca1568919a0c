import type { OrderInfo } from '@boxoffice/contracts'
import { orderCancelledMail } from '../mails/order-cancelled.ts'
import { orderCreatedMail, orderStatusChangedMail } from '../mails/order-update.ts'
import { paymentFailedMail } from '../mails/payment-failed.ts'
import { paymentProcessedMail } from '../mails/payment-processed.ts'
import { type RefundProcessed, refundProcessedMail } from '../mails/refund-processed.ts'
import type { PayloadOf } from '../notifications/payloads.ts'
import type { Peers } from '../peers/peers.ts'
import type { OrderLinkOf } from '../tracking/order-token.ts'
import { getEvent, getOrder, type Loaders } from './content.ts'

type OrderTypes =
  | 'ORDER_CREATED'
  | 'ORDER_STATUS_CHANGED'
  | 'ORDER_CANCELLED'
  | 'PAYMENT_PROCESSED'
  | 'PAYMENT_FAILED'
  | 'REFUND_PROCESSED'

/** Creates loaders of mails about an order, to its buyer. */
export const createOrderLoaders = ({
  peers,
  orderLinkOf,
}: {
  peers: Peers
  orderLinkOf: OrderLinkOf
}): Loaders<OrderTypes> => ({
  async ORDER_CREATED({ orderId, eventId, orderNumber }, { reader }) {
    const [event, { status }] = await Promise.all([getEvent(peers, eventId), getOrder(peers, orderId)])
    // Its result has its own mail.
    if (status !== 'PENDING') return { obsolete: 'ORDER_ENDED' }
    return {
      facts: event,
      event,
      write: async () => ({ mail: orderCreatedMail({ reader, event, orderNumber }) }),
    }
  },
  async ORDER_STATUS_CHANGED({ orderId, eventId, orderNumber, status }, { reader }) {
    const [event, order] = await Promise.all([getEvent(peers, eventId), getOrder(peers, orderId)])
    // The order has moved on, which has its own mail: an old status would be read as the current one.
    if (order.status !== status) return { obsolete: 'ORDER_MOVED_ON' }
    const update = { reader, event, orderNumber, status, url: orderLinkOf(orderId) }
    return { facts: event, event, write: async () => ({ mail: orderStatusChangedMail(update) }) }
  },
  async ORDER_CANCELLED({ orderId, eventId, orderNumber, reason }, { reader }) {
    const [event, order] = await Promise.all([getEvent(peers, eventId), getOrder(peers, orderId)])
    const isRefunded = order.status === 'REFUNDED'
    // A full refund has its own mail, which says the same: one mail, whichever message comes first.
    if (isRefunded && order.refundedAmount > 0) return { obsolete: 'TOLD_BY_REFUND' }
    const money = isRefunded ? 'FREE' : order.status === 'CANCELLED' ? 'NOT_PAID' : 'BACK'
    return {
      facts: { ...event, money },
      event,
      write: async () => ({ mail: orderCancelledMail({ reader, event, orderNumber, reason, money }) }),
    }
  },
  // A receipt is true whatever happens later.
  async PAYMENT_PROCESSED({ eventId, orderNumber, totalAmount, currency, items }, { reader, causedAt }) {
    const total = { amount: totalAmount, currency }
    const event = await getEvent(peers, eventId)
    const receipt = { reader, event, orderNumber, paidAt: causedAt, items, total }
    return { facts: event, event, write: async () => ({ mail: paymentProcessedMail(receipt) }) }
  },
  async PAYMENT_FAILED({ eventId, totalAmount, currency, ...failed }, { reader }) {
    const total = totalAmount === null || currency === null ? null : { amount: totalAmount, currency }
    const event = await getEvent(peers, eventId)
    const isOver = event.status === 'CANCELLED'
    return {
      facts: event,
      event,
      write: async () => ({ mail: paymentFailedMail({ ...failed, reader, event, total, isOver }) }),
    }
  },
  async REFUND_PROCESSED(
    { eventId, orderId, orderNumber, refundAmount, currency, reason, ticketIds },
    { reader },
  ) {
    const [event, order] = await Promise.all([getEvent(peers, eventId), getOrder(peers, orderId)])
    const left = leftOf(order, ticketIds)
    const refund = { amount: refundAmount, currency }
    return {
      facts: { ...event, left },
      event,
      async write() {
        const tickets = left === 'SOME' ? await givenBack(peers, orderId, ticketIds ?? []) : []
        return { mail: refundProcessedMail({ reader, event, orderNumber, refund, reason, tickets, left }) }
      },
    }
  },
})

function leftOf(
  { status, totalAmount, refundedAmount }: OrderInfo,
  ticketIds: PayloadOf<'REFUND_PROCESSED'>['ticketIds'],
): RefundProcessed['left'] {
  if (status === 'FAILED' || status === 'CANCELLED') return 'NEVER_ANY'
  if (status === 'REFUNDED' || (totalAmount !== null && refundedAmount >= totalAmount)) return 'NONE'
  return ticketIds?.length ? 'SOME' : 'ALL'
}

async function givenBack(
  { tickets }: Pick<Peers, 'tickets'>,
  orderId: OrderInfo['orderId'],
  ticketIds: readonly string[],
) {
  const answer = await tickets.getOrderTickets({ params: { orderId } })
  return answer.body.tickets.filter(({ ticketId }) => ticketIds.includes(ticketId))
}
