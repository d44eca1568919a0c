// Made by `npm run row-types` of prisma/schema.prisma: not to be written by hand.
import type {
  Currency,
  EventId,
  MessageId,
  Minor,
  OrderId,
  RefundId,
  ReservationId,
  SeatId,
  TicketId,
  TicketTypeId,
  UserId,
} from '@boxoffice/contracts'

/** A row of `orders`. */
export interface OrderRow {
  readonly orderId: OrderId
  readonly orderNumber: string
  readonly userId: UserId
  readonly eventId: EventId | null
  readonly reservationId: ReservationId
  readonly status: string
  readonly paymentStatus: string
  readonly paymentMethod: string
  readonly holderName: string
  readonly totalAmountMinor: Minor | null
  readonly refundedAmountMinor: Minor
  readonly currency: Currency | null
  readonly transactionId: string | null
  readonly failureReason: string | null
  readonly refusalStatus: number | null
  readonly refusalCode: string | null
  readonly refusalMessage: string | null
  readonly refusalSeatIds: readonly SeatId[]
  readonly refusalReservationIds: readonly ReservationId[]
  readonly idempotencyKey: string
  readonly bodyHash: string
  readonly deferred: boolean
  readonly version: number
  readonly createdAt: Date
  readonly completedAt: Date | null
  readonly contactEmail: string | null
}

/** A row of `order_contact_changes`. */
export interface OrderContactChangeRow {
  readonly changeId: string
  readonly orderId: OrderId
  readonly userId: UserId
  readonly email: string
  readonly createdAt: Date
  readonly expiresAt: Date
  readonly confirmedAt: Date | null
  readonly cancelledAt: Date | null
  readonly oldEmail: string | null
  readonly undoExpiresAt: Date | null
  readonly undoneAt: Date | null
}

/** A row of `order_items`. */
export interface OrderItemRow {
  readonly orderId: OrderId
  readonly ticketTypeId: TicketTypeId
  readonly quantity: number
  readonly unitPriceMinor: Minor
  readonly seatIds: readonly SeatId[]
}

/** A row of `order_tickets`. */
export interface OrderTicketRow {
  readonly ticketId: TicketId
  readonly orderId: OrderId
  readonly ticketNumber: string
  readonly qrCode: string
  readonly createdAt: Date | null
}

/** A row of `sagas`. */
export interface SagaRow {
  readonly orderId: OrderId
  readonly state: string
  readonly context: unknown
  readonly version: number
  readonly fence: number
  readonly leasedUntil: Date | null
  readonly nextAttemptAt: Date | null
  readonly attempts: number
  readonly failingAttempts: number
  readonly failingSince: Date | null
  readonly since: Date
  readonly lastError: string | null
  readonly createdAt: Date
  readonly updatedAt: Date
  readonly traceparent: string | null
}

/** A row of `saga_events`. */
export interface SagaEventRow {
  readonly orderId: OrderId
  readonly seq: number
  readonly at: Date
  readonly moment: string
  readonly step: string
  readonly result: string | null
  readonly input: unknown | null
  readonly detail: unknown | null
  readonly state: string
  readonly fence: number
}

/** A row of `ledger_entries`. */
export interface LedgerEntryRow {
  readonly reference: string
  readonly account: string
  readonly side: string
  readonly kind: string
  readonly orderId: OrderId
  readonly amountMinor: Minor
  readonly currency: Currency
  readonly at: Date
}

/** A row of `refunds`. */
export interface RefundRow {
  readonly refundId: RefundId
  readonly orderId: OrderId
  readonly status: string
  readonly amountMinor: Minor | null
  readonly currency: Currency
  readonly reason: string
  readonly requestedBy: string | null
  readonly requestedTicketIds: readonly TicketId[]
  readonly failureReason: string | null
  readonly refusedTicketIds: readonly TicketId[]
  readonly gatewayRefundId: RefundId | null
  readonly createdAt: Date
  readonly completedAt: Date | null
}

/** A row of `refund_items`. */
export interface RefundItemRow {
  readonly ticketId: TicketId
  readonly refundId: RefundId
  readonly ticketTypeId: TicketTypeId
  readonly unitPriceMinor: Minor
}

/** A row of `cancelled_events`. */
export interface CancelledEventRow {
  readonly eventId: EventId
  readonly cancelledAt: Date
  readonly afterCreatedAt: Date | null
  readonly afterOrderId: OrderId | null
  readonly rounds: number
  readonly leasedUntil: Date | null
  readonly nextAttemptAt: Date | null
}

/** A row of `disputes`. */
export interface DisputeRow {
  readonly disputeId: string
  readonly orderId: OrderId
  readonly outcome: string
  readonly amountMinor: Minor
  readonly closedAt: Date
  readonly version: number
}

/** A row of `webhook_events`. */
export interface WebhookEventRow {
  readonly webhookEventId: EventId
  readonly type: string
  readonly body: unknown
  readonly receivedAt: Date
  readonly processedAt: Date | null
  readonly outcome: string | null
  readonly attempts: number
  readonly nextAttemptAt: Date
  readonly traceparent: string | null
}

/** A row of `outbox`. */
export interface OutboxRow {
  readonly messageId: MessageId
  readonly topic: string
  readonly position: number
  readonly eventType: string
  readonly body: unknown
  readonly attributes: unknown
  readonly groupKey: string | null
  readonly archivable: boolean
  readonly createdAt: Date
  readonly lease: string | null
  readonly leasedUntil: Date | null
  readonly attempts: number
  readonly publishedAt: Date | null
}

/** A row of `message_archive`. */
export interface MessageArchiveRow {
  readonly messageId: MessageId
  readonly topic: string
  readonly eventType: string
  readonly body: unknown
  readonly attributes: unknown
  readonly createdAt: Date
  readonly publishedAt: Date
}

/** A row of `inbox`. */
export interface InboxRow {
  readonly consumer: string
  readonly messageId: MessageId
  readonly eventType: string
  readonly receivedAt: Date
}

/** A row of `idempotency_keys`. */
export interface IdempotencyKeyRow {
  readonly scope: string
  readonly key: string
  readonly bodyHash: string
  readonly resourceId: string
  readonly lease: string
  readonly leasedUntil: Date
  readonly expiresAt: Date
  readonly status: number | null
  readonly answer: string | null
}
