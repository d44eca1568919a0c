import * as z from 'zod'
import { defineMessage, Part } from '../messages/define-message.ts'
import { KeptEmail } from '../values/email.ts'
import {
  EventId,
  NotificationId,
  OrderId,
  ReservationId,
  TicketId,
  TicketTypeId,
  TransferId,
  UserId,
  VenueId,
} from '../values/ids.ts'
import { Currency, Money } from '../values/money.ts'
import { Seat } from '../values/seat.ts'
import { cutTo, Instant, Numbered, shownLine } from '../values/text.ts'
import { LINES_MAX, TICKETS_PER_ORDER_MAX } from './reservation.ts'
import { StopReason } from './ticket.ts'
import { TicketType } from './ticket-type.ts'

const aboutOrder = { topics: ['ticket-events'], attributes: ['orderId', 'userId', 'eventId'] } as const
const OfOrder = z.object({ orderId: OrderId, userId: UserId, eventId: EventId })
const OfTicket = OfOrder.extend({ ticketId: TicketId, ticketNumber: Numbered, ticketTypeId: TicketTypeId })

/** The tickets of a paid order; a large order is split into several parts. */
export const ticketsGenerated = defineMessage('TICKETS_GENERATED', {
  ...aboutOrder,
  payload: OfOrder.extend({
    ...Part.shape,
    venueId: VenueId,
    reservationId: ReservationId,
    tickets: z
      .array(
        z.object({
          ticketId: TicketId,
          ticketNumber: Numbered,
          qrCode: z.string().max(500),
          ticketTypeId: TicketTypeId,
          ticketTypeName: shownLine(100),
          seat: Seat.optional(),
          unitPrice: Money,
          currency: Currency,
          holderName: shownLine(200),
          createdAt: Instant.optional().meta({
            description: 'as /api/tickets shows it; absent in older messages',
          }),
        }),
      )
      .max(TICKETS_PER_ORDER_MAX)
      .meta({ inParts: true }),
  }),
})
export const ticketsRejected = defineMessage('TICKETS_REJECTED', {
  ...aboutOrder,
  payload: OfOrder.extend({
    reservationId: ReservationId,
    reason: cutTo(200),
    detail: cutTo(500)
      .optional()
      .meta({ description: 'for operators, where the reason does not say enough' }),
  }),
})
export const ticketCancelled = defineMessage('TICKET_CANCELLED', {
  topics: ['ticket-events'],
  attributes: ['ticketId', 'orderId', 'userId', 'eventId'],
  payload: OfTicket.extend({ reason: cutTo(200), unitPrice: Money, currency: Currency }),
})
export const ticketTransferred = defineMessage('TICKET_TRANSFERRED', {
  topics: ['ticket-events'],
  attributes: ['ticketId', 'orderId', 'userId', 'eventId'],
  payload: OfTicket.extend({
    newTicketId: TicketId,
    recipientId: UserId,
    recipientEmail: KeptEmail,
    holderName: shownLine(200),
  }),
})
/** A ticket waits to be claimed by the owner of this address; `userId` is the sender's. */
export const ticketTransferOffered = defineMessage('TICKET_TRANSFER_OFFERED', {
  topics: ['ticket-events'],
  attributes: ['transferId', 'ticketId', 'userId', 'eventId'],
  payload: z.object({
    transferId: TransferId,
    ticketId: TicketId,
    eventId: EventId,
    userId: UserId,
    senderName: shownLine(250).optional(),
    recipientEmail: KeptEmail,
    holderName: shownLine(200),
  }),
})
const ticketIds = z.array(TicketId).min(1).max(TICKETS_PER_ORDER_MAX)
/** Tickets of an order are stopped: not valid until they are reinstated. `userId` is their holder. */
export const ticketsStopped = defineMessage('TICKETS_STOPPED', {
  ...aboutOrder,
  payload: OfOrder.extend({ reason: StopReason, stoppedAt: Instant, ticketIds }),
})
/** They are valid again, with the same codes. */
export const ticketsReinstated = defineMessage('TICKETS_REINSTATED', {
  ...aboutOrder,
  payload: OfOrder.extend({ reinstatedAt: Instant, ticketIds }),
})
export const ticketsDelivered = defineMessage('TICKETS_DELIVERED', {
  ...aboutOrder,
  payload: OfOrder.extend({
    notificationId: NotificationId,
    channel: z.literal('EMAIL'),
    deliveredAt: Instant,
  }),
})
export const ticketDeliveryFailed = defineMessage('TICKET_DELIVERY_FAILED', {
  ...aboutOrder,
  payload: OfOrder.extend({
    notificationId: NotificationId,
    channel: z.literal('EMAIL'),
    reason: cutTo(500),
  }),
})
/** The current state of a type; `withdrawn` when it is no longer offered. */
export const ticketTypeChanged = defineMessage('TICKET_TYPE_CHANGED', {
  topics: ['ticket-events'],
  attributes: ['ticketTypeId', 'eventId'],
  payload: TicketType.pick({
    ticketTypeId: true,
    eventId: true,
    name: true,
    kind: true,
    unitPrice: true,
    currency: true,
    quantityTotal: true,
  }).extend({ name: shownLine(100), withdrawn: z.boolean() }),
})
/** A ticket was checked in; `userId` is its holder. */
export const ticketCheckedIn = defineMessage('TICKET_CHECKED_IN', {
  topics: ['ticket-events'],
  attributes: ['ticketId', 'orderId', 'userId', 'eventId'],
  payload: OfTicket.extend({ checkedInAt: Instant, gate: shownLine(50).optional() }),
})
/** A hold was released. If it became tickets, TICKETS_GENERATED says so. */
export const reservationReleased = defineMessage('RESERVATION_RELEASED', {
  topics: ['ticket-events'],
  attributes: ['reservationId', 'userId', 'eventId'],
  payload: z.object({
    reservationId: ReservationId,
    eventId: EventId,
    userId: UserId,
    outcome: z.enum(['EXPIRED', 'CANCELLED']),
    heldAt: Instant,
    releasedAt: Instant,
    tickets: z.array(z.object({ ticketTypeId: TicketTypeId, quantity: z.int().positive() })).max(LINES_MAX),
  }),
})
