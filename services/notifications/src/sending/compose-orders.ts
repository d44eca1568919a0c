import type { OrderInfo } from '@boxoffice/contracts'
import { orderCancelledMail } from '../mails/order-cancelled.ts'
import { orderConfirmationMail } from '../mails/order-confirmation.ts'
import { orderCreatedMail, orderStatusChangedMail } from '../mails/order-news.ts'
import { paymentFailedMail } from '../mails/payment-failed.ts'
import { paymentProcessedMail } from '../mails/payment-processed.ts'
import { type RefundProcessed, refundProcessedMail } from '../mails/refund-processed.ts'
import type { PayloadOf } from '../notifications/payloads.ts'
import { type TicketFiles, ticketFiles } from './attachments.ts'
import { type Composer, type Composers, getEvent, getOrder } from './content.ts'
import type { Peers } from './peers.ts'

type OrderTypes =
  | 'ORDER_CONFIRMATION'
  | 'ORDER_CREATED'
  | 'ORDER_STATUS_CHANGED'
  | 'ORDER_CANCELLED'
  | 'PAYMENT_PROCESSED'
  | 'PAYMENT_FAILED'
  | 'REFUND_PROCESSED'

/** Mails about an order, to its buyer. */
export const createOrderComposers = (peers: Peers): Composers<OrderTypes> => ({
  ORDER_CONFIRMATION: confirmationOf(peers),
  async ORDER_CREATED({ orderId, eventId, orderNumber }, reader) {
    const [event, { status }] = await Promise.all([getEvent(peers, eventId), getOrder(peers, orderId)])
    // What became of it has a mail of its own.
    if (status !== 'PENDING') return { pointless: 'ORDER_ENDED' }
    return { mail: orderCreatedMail({ reader, event, orderNumber }) }
  },
  async ORDER_STATUS_CHANGED({ eventId, orderNumber, status }, reader) {
    return { mail: orderStatusChangedMail({ reader, event: await getEvent(peers, eventId), orderNumber, status }) }
  },
  async ORDER_CANCELLED({ orderId, eventId, orderNumber, reason }, reader) {
    const [event, order] = await Promise.all([getEvent(peers, eventId), getOrder(peers, orderId)])
    const isRefunded = order.status === 'REFUNDED'
    // A refund of all of it is told with it: whichever message came first, one mail.
    if (isRefunded && order.refundedAmount > 0) return { pointless: 'TOLD_BY_REFUND' }
    const money = isRefunded ? 'FREE' : order.status === 'CANCELLED' ? 'NOT_PAID' : 'BACK'
    return { mail: orderCancelledMail({ reader, event, orderNumber, reason, money }) }
  },
  async PAYMENT_PROCESSED({ eventId, orderNumber, totalAmount, currency, items }, reader, { createdAt }) {
    const total = { amount: totalAmount, currency }
    const event = await getEvent(peers, eventId)
    return { mail: paymentProcessedMail({ reader, event, orderNumber, paidAt: createdAt, items, total }) }
  },
  async PAYMENT_FAILED({ eventId, totalAmount, currency, ...failed }, reader) {
    const total = totalAmount === null || currency === null ? null : { amount: totalAmount, currency }
    return { mail: paymentFailedMail({ ...failed, reader, event: await getEvent(peers, eventId), total }) }
  },
  async REFUND_PROCESSED({ eventId, orderId, orderNumber, refundAmount, currency, reason, ticketIds }, reader) {
    const [event, order] = await Promise.all([getEvent(peers, eventId), getOrder(peers, orderId)])
    const left = leftOf(order, ticketIds)
    const tickets = left === 'SOME' ? await givenBack(peers, orderId, ticketIds ?? []) : []
    const refund = { amount: refundAmount, currency }
    return { mail: refundProcessedMail({ reader, event, orderNumber, refund, reason, tickets, left }) }
  },
})

/** The tickets themselves, less those that are not valid any more. */
const confirmationOf =
  (peers: Peers): Composer<'ORDER_CONFIRMATION'> =>
  async ({ orderId, eventId, tickets }, reader) => {
    const [event, order, files] = await Promise.all([
      getEvent(peers, eventId),
      getOrder(peers, orderId),
      ticketFiles(tickets, peers),
    ])
    if (event.status === 'CANCELLED') return { dropped: 'EVENT_CANCELLED' }
    const { orderNumber, totalAmount, currency } = order
    if (totalAmount === null || currency === null) throw new Error(`order ${orderId} has tickets and no prices`)
    const valid = tickets.flatMap((ticket, index) => {
      const found = files[index]
      return found === undefined || found === 'GONE' ? [] : [{ ticket, files: found === 'NO_ROOM' ? null : found }]
    })
    if (valid.length === 0) return { dropped: 'TICKETS_NOT_VALID' }
    const shown = valid.map(({ ticket, files: own }) => ({
      ...ticket,
      typeName: ticket.ticketTypeName,
      ...(own && { attached: { codeCid: own.code.cid, pdfName: own.pdf.filename } }),
    }))
    const attached = valid.map((entry) => entry.files).filter((own): own is TicketFiles => own !== null)
    return {
      mail: orderConfirmationMail({ reader, event, order: { orderNumber, totalAmount, currency }, tickets: shown }),
      attachments: [...attached.map(({ code }) => code), ...attached.map(({ pdf }) => pdf)],
    }
  }

function leftOf(
  { status, totalAmount, refundedAmount }: OrderInfo,
  ticketIds: PayloadOf<'REFUND_PROCESSED'>['ticketIds'],
): RefundProcessed['left'] {
  if (status === 'FAILED' || status === 'CANCELLED') return 'NEVER_ANY'
  if (status === 'REFUNDED' || (totalAmount !== null && refundedAmount >= totalAmount)) return 'NONE'
  return ticketIds?.length ? 'SOME' : 'ALL'
}

async function givenBack({ tickets }: Pick<Peers, 'tickets'>, orderId: OrderInfo['orderId'], ticketIds: readonly string[]) {
  const answer = await tickets.getOrderTickets({ params: { orderId } })
  return answer.body.tickets.filter(({ ticketId }) => ticketIds.includes(ticketId))
}
