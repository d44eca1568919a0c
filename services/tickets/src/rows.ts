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
  TransferId,
  UserId,
  VenueId,
} from '@boxoffice/contracts'

/** A row of `event_pictures`. */
export interface EventReplicaRow {
  readonly eventId: EventId
  readonly organizerId: UserId
  readonly name: string
  readonly eventDate: Date
  readonly endDate: Date | null
  readonly timeZone: string
  readonly venueId: VenueId
  readonly venueName: string
  readonly venueAddress: string
  readonly status: string
  readonly version: number
  readonly currency: Currency | null
  readonly cancelledAt: Date | null
}

/** A row of `ticket_types`. */
export interface TicketTypeRow {
  readonly ticketTypeId: TicketTypeId
  readonly eventId: EventId
  readonly name: string
  readonly unitPriceMinor: Minor
  readonly currency: Currency
  readonly salesStartAt: Date | null
  readonly salesEndAt: Date | null
  readonly maxPerOrder: number
  readonly maxPerUser: number | null
  readonly createdAt: Date
  readonly kind: string
  readonly withdrawnAt: Date | null
  readonly version: number
  readonly announced: boolean
}

/** A row of `ticket_type_counters`. */
export interface TicketTypeCounterRow {
  readonly ticketTypeId: TicketTypeId
  readonly eventId: EventId
  readonly capacity: number
  readonly held: number
  readonly sold: number
  readonly updatedAt: Date
}

/** A row of `seating_plans`. */
export interface SeatingPlanRow {
  readonly eventId: EventId
  readonly planVersion: number
  readonly seatCount: number
}

/** A row of `seating_zones`. */
export interface SeatingZoneRow {
  readonly eventId: EventId
  readonly zoneId: number
  readonly name: string
  readonly ticketTypeId: TicketTypeId | null
}

/** A row of `seats`. */
export interface SeatRow {
  readonly eventId: EventId
  readonly seatId: SeatId
  readonly seatIndex: number
  readonly zoneId: number
  readonly rowLabel: string
  readonly colLabel: string
  readonly accessible: boolean
}

/** A row of `seat_claims`. */
export interface SeatClaimRow {
  readonly eventId: EventId
  readonly seatId: SeatId
  readonly reservationId: ReservationId
  readonly ticketId: TicketId | null
}

/** A row of `reservations`. */
export interface ReservationRow {
  readonly reservationId: ReservationId
  readonly userId: UserId
  readonly eventId: EventId
  readonly currency: Currency
  readonly status: string
  readonly expiresAt: Date
  readonly orderId: OrderId | null
  readonly createdAt: Date
}

/** A row of `reservation_items`. */
export interface ReservationItemRow {
  readonly reservationId: ReservationId
  readonly ticketTypeId: TicketTypeId
  readonly eventId: EventId
  readonly quantity: number
  readonly unitPriceMinor: Minor
  readonly seatIds: readonly SeatId[]
}

/** A row of `order_outcomes`. */
export interface OrderOutcomeRow {
  readonly orderId: OrderId
  readonly outcome: string
  readonly reservationId: ReservationId | null
  readonly reason: string | null
  readonly createdAt: Date
}

/** A row of `order_disputes`. */
export interface OrderDisputeRow {
  readonly disputeId: string
  readonly orderId: OrderId
  readonly outcome: string
  readonly version: number
}

/** A row of `dispute_policies`. */
export interface DisputePolicyRow {
  readonly organizerId: UserId
  readonly stopTickets: boolean
  readonly updatedAt: Date
}

/** A row of `tickets`. */
export interface TicketRow {
  readonly ticketId: TicketId
  readonly ticketNumber: string
  readonly orderId: OrderId
  readonly ticketTypeId: TicketTypeId
  readonly eventId: EventId
  readonly ordinal: number
  readonly userId: UserId
  readonly holderName: string
  readonly unitPriceMinor: Minor
  readonly currency: Currency
  readonly status: string
  readonly codeVersion: number
  readonly version: number
  readonly cancellationReason: string | null
  readonly deliveredAt: Date | null
  readonly deliveryMail: string | null
  readonly deliveryVersion: number | null
  readonly createdAt: Date
  readonly zoneId: number | null
  readonly rowLabel: string | null
  readonly colLabel: string | null
  readonly rootTicketId: TicketId
  readonly refundId: RefundId | null
  readonly cancelledAt: Date | null
  readonly stoppedAt: Date | null
  readonly stopReason: string | null
  readonly stopNote: string | null
}

/** A row of `ticket_transfers`. */
export interface TicketTransferRow {
  readonly transferId: TransferId
  readonly ticketId: TicketId
  readonly newTicketId: TicketId | null
  readonly eventId: EventId
  readonly senderId: UserId
  readonly recipientEmail: string
  readonly recipientId: UserId | null
  readonly holderName: string
  readonly status: string
  readonly reason: string | null
  readonly createdAt: Date
  readonly endedAt: Date | null
  readonly checkedAt: Date | null
  readonly offeredAt: Date | null
  readonly traceparent: string | null
}

/** A row of `check_ins`. */
export interface CheckInRow {
  readonly checkInId: string
  readonly ticketId: TicketId
  readonly eventId: EventId
  readonly gate: string | null
  readonly checkedInAt: Date
  readonly checkedInBy: UserId
  readonly requestId: string
  readonly announced: boolean
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

/** A row of `order_prints`. */
export interface OrderPrintRow {
  readonly orderId: OrderId
  readonly version: string
  readonly pdf: Buffer
  readonly printedAt: Date
}
