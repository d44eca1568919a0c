import * as z from 'zod'
import { defineMessage, Part } from '../messages/define-message.ts'
import { LINES_MAX, TICKETS_PER_ORDER_MAX } from '../tickets/reservation.ts'
import { KeptEmail } from '../values/email.ts'
import {
  ContactChangeId,
  EventId,
  OrderId,
  RefundId,
  ReservationId,
  TicketId,
  TicketTypeId,
  UserId,
} from '../values/ids.ts'
import { Currency, Money } from '../values/money.ts'
import { cutTo, Instant, Numbered, shownLine } from '../values/text.ts'
import { DisputeOutcome, FailureReason, OrderStatus, PaymentMethod, Retryable } from './order.ts'

const Order = z.object({ orderId: OrderId, orderNumber: Numbered, userId: UserId, eventId: EventId })
const orderIds = ['orderId', 'userId', 'eventId'] as const
const Items = z
  .array(z.object({ ticketTypeId: TicketTypeId, quantity: z.int().positive(), unitPrice: Money }))
  .max(LINES_MAX)
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
    holderName: shownLine(200),
    totalAmount: Money,
    currency: Currency,
    paymentMethod: PaymentMethod,
    transactionId: z
      .string()
      .max(255)
      .nullable()
      .meta({ description: "the gateway's payment id, null for a free order" }),
    items: Items,
  }),
})
export const paymentFailed = defineMessage('PAYMENT_FAILED', {
  ...aboutOrder,
  payload: Order.extend({
    reservationId: ReservationId,
    failureReason: FailureReason,
    errorMessage: cutTo(500),
    retryable: Retryable,
    totalAmount: Money.nullable(),
    currency: Currency.nullable(),
  }),
})
/** The order and its tickets; a large order is split into several parts. */
export const orderConfirmed = defineMessage('ORDER_CONFIRMED', {
  ...aboutOrder,
  payload: Order.extend({
    totalAmount: Money,
    currency: Currency,
    ...Part.shape,
    tickets: z
      .array(z.object({ ticketId: TicketId, ticketNumber: Numbered, ticketTypeId: TicketTypeId }))
      .max(TICKETS_PER_ORDER_MAX)
      .meta({ inParts: true }),
  }),
})
export const orderCancelled = defineMessage('ORDER_CANCELLED', {
  ...aboutOrder,
  payload: Order.extend({ reason: cutTo(200) }),
})
export const refundProcessed = defineMessage('REFUND_PROCESSED', {
  ...aboutOrder,
  payload: Order.extend({
    refundId: RefundId,
    refundAmount: Money,
    currency: Currency,
    reason: cutTo(200),
    ticketIds: z.array(TicketId).max(TICKETS_PER_ORDER_MAX).optional(),
  }),
})
/**
 * A dispute of an order's charge was closed at the bank. It may close again with another result: the version
 * counts that.
 */
export const disputeClosed = defineMessage('DISPUTE_CLOSED', {
  ...aboutOrder,
  payload: Order.extend({
    disputeId: z.string().max(255).meta({ description: "the gateway's" }),
    outcome: DisputeOutcome,
    amount: Money.meta({ description: 'the disputed amount: all of the charge, or a part of it' }),
    currency: Currency,
    closedAt: Instant,
  }),
})
const ofContact = { topics: ['payment-events'], attributes: ['orderId', 'userId'] } as const
const ContactChange = Order.omit({ eventId: true }).extend({ changeId: ContactChangeId })
/** `email` is the requested address of the order, not confirmed yet. */
export const orderContactRequested = defineMessage('ORDER_CONTACT_REQUESTED', {
  ...ofContact,
  payload: ContactChange.extend({ email: KeptEmail, expiresAt: Instant }),
})
/**
 * The mails of an order go elsewhere from now on. `email` is the previous address; null: that of its buyer's
 * account.
 */
export const orderContactChanged = defineMessage('ORDER_CONTACT_CHANGED', {
  ...ofContact,
  payload: ContactChange.extend({
    email: KeptEmail.nullable(),
    undoUntil: Instant.nullable().meta({
      description: 'null: mails go to the account, and nothing undoes that',
    }),
  }),
})
export const compensationFailed = defineMessage('COMPENSATION_FAILED', {
  topics: ['saga-compensation-failed'],
  attributes: ['orderId', 'reservationId'],
  payload: z.object({
    orderId: OrderId,
    reservationId: ReservationId,
    step: z.string().max(40),
    reason: cutTo(500),
    attempts: z.int(),
  }),
})
