import { z } from 'zod'
import { EventId, OrderId, ReservationId, TicketId, TicketTypeId, UserId } from './ids.ts'
import { Currency, Money } from './money.ts'
import { defineRoute, NextCursor, Page, Refusal, refusalWith } from './route.ts'
import { Instant, line } from './text.ts'
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
      409: refusalWith({ orderId: OrderId.optional(), reserved: z.literal(false).optional() }),
      422: Refusal,
      503: refusalWith({ orderId: OrderId.optional() }),
    },
  }),
  listOrders: defineRoute({
    method: 'GET',
    path: '/api/payments/orders',
    summary: "One's own orders, the newest first",
    access: 'user',
    query: Page,
    responses: { 200: z.object({ orders: z.array(Order), nextCursor: NextCursor }) },
  }),
  getOrder: defineRoute({
    method: 'GET',
    path: '/api/payments/orders/:orderId',
    summary: "One's own order",
    access: 'user',
    params,
    responses: { 200: Order, 404: Refusal },
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

/** An order as other services see it. */
export const OrderInfo = Order.omit({ tickets: true }).extend({
  items: z.array(z.object({ ticketTypeId: TicketTypeId, quantity: z.int(), unitPrice: Money, totalPrice: Money })),
})
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
