import { z } from 'zod'
import { EventId, OrderId, RefundId, ReservationId, TicketId, UserId } from './ids.ts'
import { Currency, Money } from './money.ts'
import { defineRoute, NextCursor, Page, Refusal, refusalWith } from './route.ts'
import { Instant, line } from './text.ts'
import { SeatId } from './ticket.ts'
import { ReservedTickets, TicketRequests } from './tickets.ts'

export const OrderStatus = z.enum(['PENDING', 'PAID', 'CONFIRMED', 'FAILED', 'CANCELLED', 'REFUND_PENDING', 'REFUNDED'])
export type OrderStatus = z.output<typeof OrderStatus>
export const PaymentStatus = z.enum(['PENDING', 'UNKNOWN', 'COMPLETED', 'FAILED', 'PARTIALLY_REFUNDED', 'REFUNDED'])
export type PaymentStatus = z.output<typeof PaymentStatus>
export const PaymentMethod = z.enum(['CREDIT_CARD'])
export type PaymentMethod = z.output<typeof PaymentMethod>
export const FailureReason = z.enum([
  'INSUFFICIENT_INVENTORY',
  'RESERVATION_EXPIRED',
  'INSUFFICIENT_FUNDS',
  'CARD_DECLINED',
  'AUTHENTICATION_REQUIRED',
  'PAYMENT_TIMEOUT',
  'EVENT_CANCELLED',
  'SYSTEM_ERROR',
  // Refusals of the reservation, under its own names.
  'SEATS_TAKEN',
  'SALES_CLOSED',
  'LIMIT_EXCEEDED',
  'EVENT_NOT_ON_SALE',
  'PRICE_CHANGED',
])
export type FailureReason = z.output<typeof FailureReason>

export const Order = z.object({
  orderId: OrderId,
  orderNumber: z.string().meta({ examples: ['ORD-2026-001234'] }),
  userId: UserId,
  eventId: EventId.nullable().meta({ description: 'null while the reservation that is to be paid has not been looked up' }),
  reservationId: ReservationId,
  totalAmount: Money.nullable().meta({ description: 'null while a pending order has no prices yet' }),
  refundedAmount: Money,
  currency: Currency.nullable(),
  status: OrderStatus,
  paymentStatus: PaymentStatus,
  paymentMethod: PaymentMethod,
  holderName: z.string(),
  items: z.array(ReservedTickets),
  tickets: z.array(z.object({ ticketId: TicketId, ticketNumber: z.string(), qrCode: z.string() })).optional(),
  failureReason: FailureReason.optional(),
  createdAt: Instant,
  completedAt: Instant.optional(),
})
export type Order = z.output<typeof Order>

const payment = {
  paymentMethod: PaymentMethod,
  paymentToken: z.string().regex(/^[A-Za-z0-9_]{1,200}$/, 'must be a payment token of the gateway'),
  holderName: line(200),
}
export const NewOrder = z.union([
  z.strictObject({ reservationId: ReservationId, ...payment }),
  z.strictObject({ eventId: EventId, ticketRequests: TicketRequests, expectedTotal: Money.optional(), ...payment }),
])
export type NewOrder = z.output<typeof NewOrder>

export const RefundStatus = z.enum(['PENDING', 'SUCCEEDED', 'FAILED'])
export type RefundStatus = z.output<typeof RefundStatus>

export const Refund = z.object({
  refundId: RefundId,
  orderId: OrderId,
  status: RefundStatus,
  amount: Money.nullable().meta({ description: 'null while the tickets are not cancelled yet' }),
  currency: Currency,
  reason: z.string(),
  ticketIds: z.array(TicketId).optional().meta({ description: 'absent while all tickets of the order are meant' }),
  failureReason: z.string().optional(),
  createdAt: Instant,
  completedAt: Instant.optional(),
})
export type Refund = z.output<typeof Refund>

export const NewRefund = z.strictObject({
  reason: line(200),
  ticketIds: z
    .array(TicketId)
    .min(1)
    .max(200)
    .refine((ids) => new Set(ids).size === ids.length, 'must name a ticket once')
    .optional()
    .meta({ description: 'the whole order where none are named' }),
})
export type NewRefund = z.output<typeof NewRefund>

export const OrderQuery = Page.extend({
  eventId: EventId.optional().meta({ description: "all orders of this event, for its organizer; one's own where none is given" }),
})

const params = z.object({ orderId: OrderId })

export const paymentsRoutes = {
  createOrder: defineRoute({
    method: 'POST',
    path: '/api/payments/orders',
    summary: "Buy tickets: one's own reservation, or straight away",
    access: 'user',
    idempotency: 'bound',
    body: NewOrder,
    responses: {
      201: Order,
      202: Order.meta({ description: 'not known yet: poll it' }),
      400: Refusal,
      402: refusalWith({ orderId: OrderId, failureReason: FailureReason, retryable: z.boolean() }),
      404: Refusal,
      409: refusalWith({
        orderId: OrderId.optional(),
        reserved: z.literal(false).optional(),
        seatIds: z.array(SeatId).optional().meta({ description: 'those that are taken' }),
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
    responses: { 200: z.object({ orders: z.array(Order), nextCursor: NextCursor }), 403: Refusal, 404: Refusal },
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
    summary: 'Change whose name the tickets will bear, before the order is paid',
    access: 'user',
    params,
    body: z.strictObject({ holderName: line(200) }),
    responses: { 200: Order, 404: Refusal, 409: Refusal.meta({ description: 'ORDER_NOT_PENDING' }) },
  }),
  cancelOrder: defineRoute({
    method: 'DELETE',
    path: '/api/payments/orders/:orderId',
    summary: 'Cancel an order before it is paid; a charge that is under way may win',
    access: 'user',
    params,
    responses: { 202: Order, 404: Refusal, 409: Refusal.meta({ description: 'ORDER_NOT_PENDING' }) },
  }),
  refundOrder: defineRoute({
    method: 'POST',
    path: '/api/payments/orders/:orderId/refund',
    summary: 'Give tickets back for their money: the whole order, or some of its tickets',
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
      200: z.object({
        history: z.array(z.object({ at: Instant, step: z.string(), result: z.string(), detail: z.string().optional() })),
      }),
      404: Refusal,
    },
  }),
  stripeWebhook: defineRoute({
    method: 'POST',
    path: '/api/payments/webhooks/stripe',
    summary: 'What the gateway tells us; its signature is checked on the raw body',
    access: 'anyone',
    // Whatever the gateway sends: the signature says whether to believe it, and its newest fields must not be refused.
    body: z.looseObject({}),
    responses: { 200: z.object({ received: z.literal(true) }), 400: Refusal },
  }),
} as const

/** A saga as operators see it. */
export const SagaFigures = z.object({
  orderId: OrderId,
  state: z.string(),
  since: Instant.meta({ description: 'when it came into this state' }),
  attempts: z.int(),
  lastError: z.string().optional().meta({ description: 'why the last attempt at its step came to nothing' }),
  leaseUntil: Instant.optional().meta({ description: 'somebody works on it' }),
  nextAttemptAt: Instant.optional().meta({ description: 'absent where nothing is left to do' }),
})
export type SagaFigures = z.output<typeof SagaFigures>

export const SagaJournal = SagaFigures.extend({
  events: z.array(
    z.object({
      seq: z.int(),
      at: Instant,
      moment: z.enum(['INTENT', 'RESULT', 'NOTE']),
      step: z.string(),
      result: z.string().nullable(),
      state: z.string(),
      fence: z.int().meta({ description: 'grows with every worker that took the saga over' }),
      input: z.unknown().meta({ description: 'what the table of the saga was given' }),
      detail: z.unknown(),
    }),
  ),
})
export type SagaJournal = z.output<typeof SagaJournal>

export const paymentsSagaRoutes = {
  listSagas: defineRoute({
    method: 'GET',
    path: '/api/payments/ops/sagas',
    summary: 'Purchases and refunds that are on their way, or those in one state; the newest first',
    access: 'admin',
    query: Page.extend({
      state: z
        .string()
        .regex(/^[A-Z_]{1,40}$/)
        .optional(),
    }),
    responses: {
      200: z.object({ byState: z.record(z.string(), z.int()), sagas: z.array(SagaFigures), nextCursor: NextCursor }),
    },
  }),
  getSaga: defineRoute({
    method: 'GET',
    path: '/api/payments/ops/sagas/:orderId',
    summary: 'The journal of an order: what was meant and what came of it',
    access: 'admin',
    params,
    responses: { 200: SagaJournal, 404: Refusal },
  }),
  resumeSaga: defineRoute({
    method: 'POST',
    path: '/api/payments/ops/sagas/:orderId/resume',
    summary: 'Work a saga on now rather than when its wait is over',
    access: 'admin',
    params,
    responses: { 202: SagaFigures, 404: Refusal, 409: Refusal.meta({ description: 'SAGA_ENDED' }) },
  }),
} as const

/** An order as other services see it. */
export const OrderInfo = Order.omit({ tickets: true })
export type OrderInfo = z.output<typeof OrderInfo>

export const paymentsInternalRoutes = {
  getOrderInfo: defineRoute({
    method: 'GET',
    path: '/api/payments/internal/orders/:orderId',
    summary: 'One order',
    access: { services: ['ticket-service', 'notification-service'] },
    params,
    responses: { 200: OrderInfo, 404: Refusal },
  }),
} as const
