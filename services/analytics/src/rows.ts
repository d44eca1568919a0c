// Made by `npm run row-types` of prisma/schema.prisma: not to be written by hand.
import type {
  Currency,
  EventId,
  MessageId,
  Minor,
  OrderId,
  RefundId,
  ReservationId,
  TicketId,
  TicketTypeId,
  UserId,
  VenueId,
} from '@boxoffice/contracts'

/** A row of `generations`. */
export interface GenerationRow {
  readonly generation: number
  readonly state: string
  readonly since: Date
  readonly emptiedAt: Date | null
}

export const generationColumns = {
  generation: 'generation',
  state: 'state',
  since: 'since',
  emptiedAt: 'emptied_at',
}

/** A row of `rebuilds`. */
export interface RebuildRow {
  readonly rebuildId: string
  readonly generation: number
  readonly status: string
  readonly startedAt: Date
  readonly endedAt: Date | null
  readonly lease: string | null
  readonly leasedUntil: Date | null
}

export const rebuildColumns = {
  rebuildId: 'rebuild_id',
  generation: 'generation',
  status: 'status',
  startedAt: 'started_at',
  endedAt: 'ended_at',
  lease: 'lease',
  leasedUntil: 'leased_until',
}

/** A row of `rebuild_sources`. */
export interface RebuildSourceRow {
  readonly rebuildId: string
  readonly service: string
  readonly cursor: string | null
  readonly taken: number
  readonly total: number | null
  readonly finished: boolean
  readonly attempts: number
  readonly nextAttemptAt: Date
  readonly lastError: string | null
}

export const rebuildSourceColumns = {
  rebuildId: 'rebuild_id',
  service: 'service',
  cursor: 'cursor',
  taken: 'taken',
  total: 'total',
  finished: 'finished',
  attempts: 'attempts',
  nextAttemptAt: 'next_attempt_at',
  lastError: 'last_error',
}

/** A row of `events`. */
export interface EventRow {
  readonly generation: number
  readonly eventId: EventId
  readonly organizerId: UserId
  readonly name: string | null
  readonly eventDate: Date | null
  readonly timeZone: string | null
  readonly venueId: VenueId | null
  readonly venueName: string | null
  readonly status: string | null
  readonly deleted: boolean
  readonly version: number
  readonly messageId: MessageId
}

export const eventColumns = {
  generation: 'generation',
  eventId: 'event_id',
  organizerId: 'organizer_id',
  name: 'name',
  eventDate: 'event_date',
  timeZone: 'time_zone',
  venueId: 'venue_id',
  venueName: 'venue_name',
  status: 'status',
  deleted: 'deleted',
  version: 'version',
  messageId: 'message_id',
}

/** A row of `ticket_types`. */
export interface TicketTypeRow {
  readonly generation: number
  readonly ticketTypeId: TicketTypeId
  readonly eventId: EventId
  readonly name: string
  readonly unitPriceMinor: Minor
  readonly currency: Currency
  readonly quantityTotal: number
  readonly withdrawn: boolean
  readonly version: number
  readonly messageId: MessageId
}

export const ticketTypeColumns = {
  generation: 'generation',
  ticketTypeId: 'ticket_type_id',
  eventId: 'event_id',
  name: 'name',
  unitPriceMinor: 'unit_price_minor',
  currency: 'currency',
  quantityTotal: 'quantity_total',
  withdrawn: 'withdrawn',
  version: 'version',
  messageId: 'message_id',
}

/** A row of `reservations`. */
export interface ReservationRow {
  readonly generation: number
  readonly reservationId: ReservationId
  readonly eventId: EventId
  readonly convertedAt: Date | null
  readonly releasedAt: Date | null
}

export const reservationColumns = {
  generation: 'generation',
  reservationId: 'reservation_id',
  eventId: 'event_id',
  convertedAt: 'converted_at',
  releasedAt: 'released_at',
}

/** A row of `orders`. */
export interface OrderRow {
  readonly generation: number
  readonly orderId: OrderId
  readonly eventId: EventId
  readonly venueId: VenueId | null
  readonly issuedAt: Date | null
}

export const orderColumns = {
  generation: 'generation',
  orderId: 'order_id',
  eventId: 'event_id',
  venueId: 'venue_id',
  issuedAt: 'issued_at',
}

/** A row of `tickets`. */
export interface TicketRow {
  readonly generation: number
  readonly ticketId: TicketId
  readonly orderId: OrderId
  readonly eventId: EventId
  readonly ticketTypeId: TicketTypeId | null
  readonly userId: UserId | null
  readonly venueId: VenueId | null
  readonly zoneId: number | null
  readonly rowLabel: string | null
  readonly colLabel: string | null
  readonly priceMinor: Minor | null
  readonly currency: Currency | null
  readonly createdOn: Date | null
  readonly issuedAt: Date | null
  readonly nextTicketId: TicketId | null
  readonly cancelledAt: Date | null
  readonly checkedInAt: Date | null
  readonly refundedAt: Date | null
}

export const ticketColumns = {
  generation: 'generation',
  ticketId: 'ticket_id',
  orderId: 'order_id',
  eventId: 'event_id',
  ticketTypeId: 'ticket_type_id',
  userId: 'user_id',
  venueId: 'venue_id',
  zoneId: 'zone_id',
  rowLabel: 'row_label',
  colLabel: 'col_label',
  priceMinor: 'price_minor',
  currency: 'currency',
  createdOn: 'created_on',
  issuedAt: 'issued_at',
  nextTicketId: 'next_ticket_id',
  cancelledAt: 'cancelled_at',
  checkedInAt: 'checked_in_at',
  refundedAt: 'refunded_at',
}

/** A row of `refunds`. */
export interface RefundRow {
  readonly generation: number
  readonly refundId: RefundId
  readonly orderId: OrderId
  readonly amountMinor: Minor
  readonly refundedAt: Date
}

export const refundColumns = {
  generation: 'generation',
  refundId: 'refund_id',
  orderId: 'order_id',
  amountMinor: 'amount_minor',
  refundedAt: 'refunded_at',
}

/** A row of `sales_hours`. */
export interface SalesHourRow {
  readonly generation: number
  readonly eventId: EventId
  readonly venueId: VenueId
  readonly ticketTypeId: TicketTypeId
  readonly hour: Date
  readonly issued: number
  readonly grossMinor: Minor
  readonly cancelled: number
  readonly refundedMinor: Minor
  readonly checkedIn: number
}

export const salesHourColumns = {
  generation: 'generation',
  eventId: 'event_id',
  venueId: 'venue_id',
  ticketTypeId: 'ticket_type_id',
  hour: 'hour',
  issued: 'issued',
  grossMinor: 'gross_minor',
  cancelled: 'cancelled',
  refundedMinor: 'refunded_minor',
  checkedIn: 'checked_in',
}

/** A row of `refund_hours`. */
export interface RefundHourRow {
  readonly generation: number
  readonly eventId: EventId
  readonly venueId: VenueId
  readonly hour: Date
  readonly refunds: number
  readonly refundedMinor: Minor
}

export const refundHourColumns = {
  generation: 'generation',
  eventId: 'event_id',
  venueId: 'venue_id',
  hour: 'hour',
  refunds: 'refunds',
  refundedMinor: 'refunded_minor',
}

/** A row of `payments`. */
export interface PaymentRow {
  readonly generation: number
  readonly orderId: OrderId
  readonly eventId: EventId
  readonly completedAt: Date | null
  readonly failedAt: Date | null
  readonly failureReason: string | null
  readonly amountMinor: Minor | null
}

export const paymentColumns = {
  generation: 'generation',
  orderId: 'order_id',
  eventId: 'event_id',
  completedAt: 'completed_at',
  failedAt: 'failed_at',
  failureReason: 'failure_reason',
  amountMinor: 'amount_minor',
}

/** A row of `payment_totals`. */
export interface PaymentTotalRow {
  readonly generation: number
  readonly eventId: EventId
  readonly outcome: string
  readonly payments: number
  readonly amountMinor: Minor
}

export const paymentTotalColumns = {
  generation: 'generation',
  eventId: 'event_id',
  outcome: 'outcome',
  payments: 'payments',
  amountMinor: 'amount_minor',
}

/** A row of `event_totals`. */
export interface EventTotalRow {
  readonly generation: number
  readonly eventId: EventId
  readonly converted: number
  readonly released: number
  readonly currency: Currency | null
  readonly asOf: Date
}

export const eventTotalColumns = {
  generation: 'generation',
  eventId: 'event_id',
  converted: 'converted',
  released: 'released',
  currency: 'currency',
  asOf: 'as_of',
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

export const outboxColumns = {
  messageId: 'message_id',
  topic: 'topic',
  position: 'position',
  eventType: 'event_type',
  body: 'body',
  attributes: 'attributes',
  groupKey: 'group_key',
  archivable: 'archivable',
  createdAt: 'created_at',
  lease: 'lease',
  leasedUntil: 'leased_until',
  attempts: 'attempts',
  publishedAt: 'published_at',
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

export const messageArchiveColumns = {
  messageId: 'message_id',
  topic: 'topic',
  eventType: 'event_type',
  body: 'body',
  attributes: 'attributes',
  createdAt: 'created_at',
  publishedAt: 'published_at',
}

/** A row of `inbox`. */
export interface InboxRow {
  readonly consumer: string
  readonly messageId: MessageId
  readonly eventType: string
  readonly receivedAt: Date
}

export const inboxColumns = {
  consumer: 'consumer',
  messageId: 'message_id',
  eventType: 'event_type',
  receivedAt: 'received_at',
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

export const idempotencyKeyColumns = {
  scope: 'scope',
  key: 'key',
  bodyHash: 'body_hash',
  resourceId: 'resource_id',
  lease: 'lease',
  leasedUntil: 'leased_until',
  expiresAt: 'expires_at',
  status: 'status',
  answer: 'answer',
}
