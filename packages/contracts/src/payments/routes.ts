import * as z from 'zod'
import { EVENT_NOT_FOUND } from '../events/refusals.ts'
import { saying, withFields } from '../http/define-refusal.ts'
import { defineRoute, eventStream, NextCursor, Page } from '../http/define-route.ts'
import {
  EMAIL_NOT_VERIFIED,
  FORBIDDEN,
  IDEMPOTENCY_KEY_REUSED,
  RATE_LIMITED,
  SERVICE_UNAVAILABLE,
  TOO_MANY_STREAMS,
  VALIDATION_FAILED,
} from '../http/refusals.ts'
import { RESERVATION_NOT_FOUND } from '../tickets/refusals.ts'
import { TICKETS_PER_ORDER_MAX, TicketRequests } from '../tickets/reservation.ts'
import { Email } from '../values/email.ts'
import { EventId, OrderId, ReservationId, TicketId } from '../values/ids.ts'
import { Money } from '../values/money.ts'
import { plainName } from '../values/plain-name.ts'
import { line } from '../values/text.ts'
import { Order, OrderProgress, OrderStep, PaymentMethod, Refund } from './order.ts'
import {
  NOT_REFUNDABLE,
  ORDER_NOT_FOUND,
  ORDER_NOT_PENDING,
  orderRefusals,
  PAYMENT_DECLINED,
  SIGNATURE_INVALID,
  TICKETS_NOT_OF_ORDER,
} from './refusals.ts'

const payment = {
  paymentMethod: PaymentMethod.optional().meta({ description: 'CREDIT_CARD where none is given' }),
  paymentToken: z
    .string()
    .regex(/^[A-Za-z0-9_]{1,200}$/, 'must be a payment token of the gateway')
    .optional()
    .meta({ description: 'optional for free tickets' }),
  holderName: plainName(200),
  contactEmail: Email.optional().meta({
    description: "the order's own address, as by PUT …/contact: only for buyers whose address is confirmed",
  }),
}
export const NewOrder = z.union([
  z.strictObject({ reservationId: ReservationId, ...payment }),
  z.strictObject({
    eventId: EventId,
    ticketRequests: TicketRequests,
    expectedTotal: Money.optional(),
    ...payment,
  }),
])
export type NewOrder = z.output<typeof NewOrder>

export const NewRefund = z.strictObject({
  reason: line(200),
  ticketIds: z
    .array(TicketId)
    .min(1)
    .max(TICKETS_PER_ORDER_MAX)
    .refine((ids) => new Set(ids).size === ids.length, 'must name a ticket once')
    .optional()
    .meta({ description: 'the whole order where none are named' }),
})
export type NewRefund = z.output<typeof NewRefund>

export const OrderQuery = Page.extend({
  eventId: EventId.optional().meta({
    description: "all orders of this event, for its organizer; one's own where none is given",
  }),
})

const params = z.object({ orderId: OrderId })

export const paymentsRoutes = {
  createOrder: defineRoute({
    method: 'POST',
    path: '/api/payments/orders',
    summary:
      'Buy tickets: with a reservation, or directly. With `Prefer: respond-async` the answer is 202 at once',
    access: 'user',
    idempotency: 'bound',
    prefer: 'respond-async',
    body: NewOrder,
    responses: {
      201: Order,
      202: Order.meta({ description: 'outcome unknown: poll the order, or follow its stream' }),
    },
    refusals: [
      VALIDATION_FAILED,
      PAYMENT_DECLINED,
      saying(EMAIL_NOT_VERIFIED, 'with a contactEmail: confirm your address first'),
      EVENT_NOT_FOUND,
      RESERVATION_NOT_FOUND,
      ...Object.values(orderRefusals),
      IDEMPOTENCY_KEY_REUSED,
      withFields(SERVICE_UNAVAILABLE, { orderId: OrderId.optional() }),
    ],
  }),
  listOrders: defineRoute({
    method: 'GET',
    path: '/api/payments/orders',
    summary: 'List your orders or those of your event, newest first',
    access: 'user',
    query: OrderQuery,
    responses: { 200: z.object({ orders: z.array(Order), nextCursor: NextCursor }) },
    refusals: [FORBIDDEN, EVENT_NOT_FOUND],
  }),
  getOrder: defineRoute({
    method: 'GET',
    path: '/api/payments/orders/:orderId',
    summary: 'Get your order, or one of your event',
    access: 'user',
    params,
    responses: { 200: Order },
    refusals: [ORDER_NOT_FOUND],
  }),
  updateOrder: defineRoute({
    method: 'PATCH',
    path: '/api/payments/orders/:orderId',
    summary:
      'Change the name on the tickets before the order is paid. With `Prefer: respond-async` it is ' +
      'queued behind earlier requests',
    access: 'user',
    prefer: 'respond-async',
    params,
    body: z.strictObject({ holderName: plainName(200) }),
    responses: {
      200: Order,
      202: Order.meta({ description: 'queued: the current state of the order' }),
    },
    refusals: [ORDER_NOT_FOUND, ORDER_NOT_PENDING],
  }),
  cancelOrder: defineRoute({
    method: 'DELETE',
    path: '/api/payments/orders/:orderId',
    summary: 'Cancel an order before it is paid; a charge in progress may win',
    access: 'user',
    prefer: 'respond-async',
    params,
    responses: { 202: Order },
    refusals: [ORDER_NOT_FOUND, ORDER_NOT_PENDING],
  }),
  setOrderContact: defineRoute({
    method: 'PUT',
    path: '/api/payments/orders/:orderId/contact',
    summary: "Send an order's mails to another address once its reader has confirmed it through a mail",
    access: 'proven',
    params,
    body: z.strictObject({ email: Email }),
    responses: {
      202: Order.meta({ description: 'a mail with a link was requested: `contact.pendingEmail`' }),
    },
    refusals: [ORDER_NOT_FOUND, RATE_LIMITED],
  }),
  clearOrderContact: defineRoute({
    method: 'DELETE',
    path: '/api/payments/orders/:orderId/contact',
    summary: "Send an order's mails to your account's address again; links mailed to other addresses end",
    access: 'proven',
    params,
    responses: { 200: Order },
    refusals: [ORDER_NOT_FOUND],
  }),
  refundOrder: defineRoute({
    method: 'POST',
    path: '/api/payments/orders/:orderId/refund',
    summary:
      'Return tickets for a refund: the whole order, or some tickets; free ones until the event is over',
    access: 'user',
    params,
    body: NewRefund,
    responses: {
      202: Refund,
    },
    refusals: [ORDER_NOT_FOUND, TICKETS_NOT_OF_ORDER, NOT_REFUNDABLE],
  }),
  listRefunds: defineRoute({
    method: 'GET',
    path: '/api/payments/orders/:orderId/refunds',
    summary: 'List the refunds of an order, oldest first',
    access: 'user',
    params,
    responses: { 200: z.object({ refunds: z.array(Refund) }) },
    refusals: [ORDER_NOT_FOUND],
  }),
  getOrderHistory: defineRoute({
    method: 'GET',
    path: '/api/payments/orders/:orderId/history',
    summary: 'Get the history of an order, oldest first',
    access: 'user',
    params,
    responses: {
      200: z.object({ history: z.array(OrderStep) }),
    },
    refusals: [ORDER_NOT_FOUND],
  }),
  watchOrder: defineRoute({
    method: 'GET',
    path: '/api/payments/orders/:orderId/stream',
    summary:
      'Stream the history of an order, then each step as it happens, ' +
      'until the order is confirmed or has failed',
    access: 'user',
    params,
    responses: { 200: eventStream(OrderProgress) },
    refusals: [ORDER_NOT_FOUND, TOO_MANY_STREAMS],
  }),
  stripeWebhook: defineRoute({
    method: 'POST',
    path: '/api/payments/webhooks/stripe',
    summary: 'Receive an event of the gateway; its signature is checked on the raw body',
    access: 'anyone',
    // Any body of the gateway: its signature is checked, and new fields must not be refused.
    body: z.looseObject({}),
    responses: { 200: z.object({ received: z.literal(true) }) },
    refusals: [SIGNATURE_INVALID],
  }),
} as const
