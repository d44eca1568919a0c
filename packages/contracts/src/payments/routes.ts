import * as z from 'zod'
import {
  defineRoute,
  eventStream,
  NextCursor,
  Page,
  Refusal,
  refusalWith,
  TooManyStreams,
} from '../http/define-route.ts'
import { TICKETS_PER_ORDER_MAX, TicketRequests } from '../tickets/reservation.ts'
import { Email } from '../values/email.ts'
import { EventId, OrderId, ReservationId, TicketId } from '../values/ids.ts'
import { Money } from '../values/money.ts'
import { plainName } from '../values/plain-name.ts'
import { SeatId } from '../values/seat.ts'
import { line } from '../values/text.ts'
import { FailureReason, Order, OrderProgress, OrderStep, PaymentMethod, Refund, Retryable } from './order.ts'

const payment = {
  paymentMethod: PaymentMethod.optional().meta({ description: 'CREDIT_CARD where none is given' }),
  paymentToken: z
    .string()
    .regex(/^[A-Za-z0-9_]{1,200}$/, 'must be a payment token of the gateway')
    .optional()
    .meta({ description: 'may be left out for tickets that cost nothing' }),
  holderName: plainName(200),
  contactEmail: Email.optional().meta({
    description:
      "the order's own address, as by PUT …/contact: buyers whose address is confirmed alone may give one",
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
      "Buy tickets: one's own reservation, or straight away. With `Prefer: respond-async` the answer is 202 at once",
    access: 'user',
    idempotency: 'bound',
    prefer: 'respond-async',
    body: NewOrder,
    responses: {
      201: Order,
      202: Order.meta({ description: 'not known yet: poll it, or follow its stream' }),
      400: Refusal,
      403: Refusal.meta({ description: 'EMAIL_NOT_VERIFIED: with a `contactEmail`' }),
      402: refusalWith({ orderId: OrderId, failureReason: FailureReason, retryable: Retryable }),
      404: Refusal,
      409: refusalWith({
        orderId: OrderId.optional(),
        reserved: z.literal(false).optional(),
        seatIds: z.array(SeatId).optional().meta({ description: 'those that are taken' }),
        reservationIds: z
          .array(ReservationId)
          .optional()
          .meta({ description: "one's own that count against a limit" }),
      }),
      422: Refusal,
      503: refusalWith({ orderId: OrderId.optional() }),
    },
  }),
  listOrders: defineRoute({
    method: 'GET',
    path: '/api/payments/orders',
    summary: "One's own orders or those of one's event, the newest first",
    access: 'user',
    query: OrderQuery,
    responses: {
      200: z.object({ orders: z.array(Order), nextCursor: NextCursor }),
      403: Refusal,
      404: Refusal,
    },
  }),
  getOrder: defineRoute({
    method: 'GET',
    path: '/api/payments/orders/:orderId',
    summary: "One's own order, or one of one's event",
    access: 'user',
    params,
    responses: { 200: Order, 404: Refusal },
  }),
  updateOrder: defineRoute({
    method: 'PATCH',
    path: '/api/payments/orders/:orderId',
    summary:
      'Change whose name the tickets will bear, before the order is paid. With `Prefer: respond-async` after what was asked before',
    access: 'user',
    prefer: 'respond-async',
    params,
    body: z.strictObject({ holderName: plainName(200) }),
    responses: {
      200: Order,
      202: Order.meta({ description: 'it is done in its turn: the order as it stands' }),
      404: Refusal,
      409: Refusal.meta({ description: 'ORDER_NOT_PENDING' }),
    },
  }),
  cancelOrder: defineRoute({
    method: 'DELETE',
    path: '/api/payments/orders/:orderId',
    summary: 'Cancel an order before it is paid; a charge that is under way may win',
    access: 'user',
    prefer: 'respond-async',
    params,
    responses: { 202: Order, 404: Refusal, 409: Refusal.meta({ description: 'ORDER_NOT_PENDING' }) },
  }),
  setOrderContact: defineRoute({
    method: 'PUT',
    path: '/api/payments/orders/:orderId/contact',
    summary:
      "Send an order's mails to an address of its own, once its reader has confirmed it through the mail that goes there",
    access: 'proven',
    params,
    body: z.strictObject({ email: Email }),
    responses: {
      202: Order.meta({ description: 'a mail with a link is on its way: `contact.pendingEmail`' }),
      404: Refusal,
      429: Refusal.meta({ description: 'RATE_LIMITED, with Retry-After' }),
    },
  }),
  clearOrderContact: defineRoute({
    method: 'DELETE',
    path: '/api/payments/orders/:orderId/contact',
    summary:
      "Send an order's mails to the address of one's account again; every link that was mailed for another ends",
    access: 'proven',
    params,
    responses: { 200: Order, 404: Refusal },
  }),
  refundOrder: defineRoute({
    method: 'POST',
    path: '/api/payments/orders/:orderId/refund',
    summary:
      'Give tickets back for their money: the whole order, or some of its tickets; those that cost nothing until the event is over',
    access: 'user',
    params,
    body: NewRefund,
    responses: {
      202: Refund,
      404: refusalWith({ ticketIds: z.array(TicketId).optional() }),
      409: refusalWith({ ticketIds: z.array(TicketId).optional() }).meta({
        description: 'NOT_REFUNDABLE, with the tickets that stand in the way',
      }),
    },
  }),
  listRefunds: defineRoute({
    method: 'GET',
    path: '/api/payments/orders/:orderId/refunds',
    summary: 'The refunds of an order, the oldest first',
    access: 'user',
    params,
    responses: { 200: z.object({ refunds: z.array(Refund) }), 404: Refusal },
  }),
  getOrderHistory: defineRoute({
    method: 'GET',
    path: '/api/payments/orders/:orderId/history',
    summary: 'What happened to an order, the oldest first',
    access: 'user',
    params,
    responses: {
      200: z.object({ history: z.array(OrderStep) }),
      404: Refusal,
    },
  }),
  watchOrder: defineRoute({
    method: 'GET',
    path: '/api/payments/orders/:orderId/stream',
    summary:
      'What happened to an order so far, then each step as it happens, until the order is confirmed or has come to nothing',
    access: 'user',
    params,
    responses: { 200: eventStream(OrderProgress), 404: Refusal, 429: TooManyStreams },
  }),
  stripeWebhook: defineRoute({
    method: 'POST',
    path: '/api/payments/webhooks/stripe',
    summary: 'What the gateway tells us; its signature is checked on the raw body',
    access: 'anyone',
    // Whatever the gateway sends: the signature says whether to believe it, and its newest fields must not be
    // refused.
    body: z.looseObject({}),
    responses: { 200: z.object({ received: z.literal(true) }), 400: Refusal },
  }),
} as const
