import { z } from 'zod'
import { EventId, OrderId, RefundId, ReservationId, TicketId, TicketTypeId, UserId } from './ids.ts'
import { defineMessage } from './message.ts'
import { Currency, Money } from './money.ts'
import { FailureReason, OrderStatus, PaymentMethod } from './order.ts'
import { Instant } from './text.ts'

const Order = z.object({ orderId: OrderId, orderNumber: z.string(), userId: UserId, eventId: EventId })
const orderIds = ['orderId', 'userId', 'eventId'] as const
const Items = z.array(z.object({ ticketTypeId: TicketTypeId, quantity: z.int().positive(), unitPrice: Money }))
const aboutOrder = { topics: ['payment-events'], attributes: orderIds } as const

export const orderCreated = defineMessage('ORDER_CREATED', {
  ...aboutOrder,
  payload: Order.extend({ status: OrderStatus, createdAt: Instant }),
})
export const orderStatusChanged = defineMessage('ORDER_STATUS_CHANGED', {
  ...aboutOrder,
  payload: Order.extend({ previousStatus: OrderStatus, status: OrderStatus }),
})
export const paymentCompleted = defineMessage('PAYMENT_COMPLETED', {
  ...aboutOrder,
  payload: Order.extend({
    reservationId: ReservationId,
    holderName: z.string(),
    totalAmount: Money,
    currency: Currency,
    paymentMethod: PaymentMethod,
    transactionId: z.string().nullable().meta({ description: "the gateway's payment id, null for a free order" }),
    items: Items,
  }),
})
export const paymentFailed = defineMessage('PAYMENT_FAILED', {
  ...aboutOrder,
  payload: Order.extend({
    reservationId: ReservationId,
    failureReason: FailureReason,
    errorMessage: z.string(),
    retryable: z.boolean(),
    totalAmount: Money.nullable(),
    currency: Currency.nullable(),
  }),
})
export const orderConfirmed = defineMessage('ORDER_CONFIRMED', {
  ...aboutOrder,
  payload: Order.extend({
    totalAmount: Money,
    currency: Currency,
    tickets: z.array(z.object({ ticketId: TicketId, ticketNumber: z.string(), ticketTypeId: TicketTypeId })),
  }),
})
export const orderCancelled = defineMessage('ORDER_CANCELLED', {
  ...aboutOrder,
  payload: Order.extend({ reason: z.string() }),
})
export const refundProcessed = defineMessage('REFUND_PROCESSED', {
  ...aboutOrder,
  payload: Order.extend({
    refundId: RefundId,
    refundAmount: Money,
    currency: Currency,
    reason: z.string(),
    ticketIds: z.array(TicketId).optional(),
  }),
})
export const compensationFailed = defineMessage('COMPENSATION_FAILED', {
  topics: ['saga-compensation-failed'],
  attributes: ['orderId', 'reservationId'],
  payload: z.object({
    orderId: OrderId,
    reservationId: ReservationId,
    step: z.string(),
    reason: z.string(),
    attempts: z.int(),
  }),
})
