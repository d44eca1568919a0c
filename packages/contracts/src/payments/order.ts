import * as z from 'zod'
import { ReserveRefusal } from '../tickets/refusals.ts'
import { ReservedTickets } from '../tickets/reservation.ts'
import { KeptEmail } from '../values/email.ts'
import { EventId, OrderId, RefundId, ReservationId, TicketId, UserId } from '../values/ids.ts'
import { Currency, Money } from '../values/money.ts'
import { Instant } from '../values/text.ts'

export const OrderStatus = z.enum([
  'PENDING',
  'PAID',
  'CONFIRMED',
  'FAILED',
  'CANCELLED',
  'REFUND_PENDING',
  'REFUNDED',
])
export type OrderStatus = z.output<typeof OrderStatus>
export const PaymentStatus = z.enum([
  'PENDING',
  'UNKNOWN',
  'COMPLETED',
  'FAILED',
  'PARTIALLY_REFUNDED',
  'REFUNDED',
])
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
  // Refusals of the reservation, under their own names.
  ...ReserveRefusal.exclude(['INSUFFICIENT_INVENTORY']).options,
  'PRICE_CHANGED',
  // Without a payment token only free tickets can be bought.
  'PAYMENT_TOKEN_REQUIRED',
])
export type FailureReason = z.output<typeof FailureReason>

/** For a failed payment. See `isRetryable`. */
export const Retryable = z.boolean().meta({
  description: 'whether a retry with the same card may succeed later: false if the card was declined',
})

/** Whether the same payment with the same card may succeed later: the failure was not the card's. */
export const isRetryable = (reason: FailureReason): boolean =>
  reason === 'PAYMENT_TIMEOUT' || reason === 'SYSTEM_ERROR'

/** Where an order's mails go: to `email`, or without it to the address of the buyer's account. */
export const OrderContact = z.object({
  email: KeptEmail.optional(),
  pendingEmail: KeptEmail.optional().meta({ description: 'requested, not confirmed yet' }),
})
export type OrderContact = z.output<typeof OrderContact>

export const Order = z.object({
  orderId: OrderId,
  orderNumber: z.string().meta({ examples: ['ORD-2026-001234'] }),
  userId: UserId,
  eventId: EventId.nullable().meta({
    description: 'null until the reservation has been looked up',
  }),
  reservationId: ReservationId,
  totalAmount: Money.nullable().meta({ description: 'null while a pending order has no prices yet' }),
  refundedAmount: Money,
  currency: Currency.nullable(),
  status: OrderStatus,
  paymentStatus: PaymentStatus,
  paymentMethod: PaymentMethod,
  holderName: z.string(),
  items: z.array(ReservedTickets),
  tickets: z
    .array(
      z.object({
        ticketId: TicketId,
        ticketNumber: z.string(),
        qrCode: z.string(),
        createdAt: Instant.optional(),
      }),
    )
    .optional(),
  contact: OrderContact.optional().meta({
    description: "the order's own address; shown to its buyer and operators only",
  }),
  failureReason: FailureReason.optional(),
  createdAt: Instant,
  completedAt: Instant.optional(),
})
export type Order = z.output<typeof Order>

/** One entry of an order's history. */
export const OrderStep = z.object({
  at: Instant,
  step: z.string(),
  result: z.string(),
  detail: z.string().optional(),
})
export type OrderStep = z.output<typeof OrderStep>

/** A step of the stream, with the order's state at that time. */
export const OrderProgress = OrderStep.extend({
  orderId: OrderId,
  status: OrderStatus,
  paymentStatus: PaymentStatus,
  failureReason: FailureReason.optional(),
})
export type OrderProgress = z.output<typeof OrderProgress>

export const RefundStatus = z.enum(['PENDING', 'SUCCEEDED', 'FAILED'])
export type RefundStatus = z.output<typeof RefundStatus>

export const Refund = z.object({
  refundId: RefundId,
  orderId: OrderId,
  status: RefundStatus,
  amount: Money.nullable().meta({ description: 'null until the tickets are cancelled' }),
  currency: Currency,
  reason: z.string(),
  ticketIds: z
    .array(TicketId)
    .optional()
    .meta({ description: 'absent if all tickets of the order are meant' }),
  failureReason: z.string().optional(),
  createdAt: Instant,
  completedAt: Instant.optional(),
})
export type Refund = z.output<typeof Refund>

/** The result of a closed dispute. `CLOSED`: neither side won, such as after an inquiry only. */
export const DisputeOutcome = z.enum(['WON', 'LOST', 'CLOSED'])
export type DisputeOutcome = z.output<typeof DisputeOutcome>
