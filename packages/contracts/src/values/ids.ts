import * as z from 'zod'

// Branded ids: an order's id cannot be passed for a reservation's.
export const UserId = z.uuid().brand<'UserId'>()
export type UserId = z.output<typeof UserId>
export const EventId = z.uuid().brand<'EventId'>()
export type EventId = z.output<typeof EventId>
export const VenueId = z.uuid().brand<'VenueId'>()
export type VenueId = z.output<typeof VenueId>
export const TicketTypeId = z.uuid().brand<'TicketTypeId'>()
export type TicketTypeId = z.output<typeof TicketTypeId>
export const ReservationId = z.uuid().brand<'ReservationId'>()
export type ReservationId = z.output<typeof ReservationId>
export const TicketId = z.uuid().brand<'TicketId'>()
export type TicketId = z.output<typeof TicketId>
export const TransferId = z.uuid().brand<'TransferId'>()
export type TransferId = z.output<typeof TransferId>
export const OrderId = z.uuid().brand<'OrderId'>()
export type OrderId = z.output<typeof OrderId>
export const RefundId = z.uuid().brand<'RefundId'>()
export type RefundId = z.output<typeof RefundId>
export const ContactChangeId = z.uuid().brand<'ContactChangeId'>()
export type ContactChangeId = z.output<typeof ContactChangeId>
export const NotificationId = z.uuid().brand<'NotificationId'>()
export type NotificationId = z.output<typeof NotificationId>
export const PushSubscriptionId = z.uuid().brand<'PushSubscriptionId'>()
export type PushSubscriptionId = z.output<typeof PushSubscriptionId>
export const MessageId = z.uuid().brand<'MessageId'>()
export type MessageId = z.output<typeof MessageId>
