import { z } from 'zod'
import { EventId, NotificationId, OrderId, ReservationId, TicketId, TicketTypeId, TransferId, UserId, VenueId } from './ids.ts'
import { defineMessage } from './message.ts'
import { Currency, Money } from './money.ts'
import { Email, Instant } from './text.ts'
import { Seat } from './ticket.ts'
import { TicketType } from './ticket-type.ts'

const aboutOrder = { topics: ['ticket-events'], attributes: ['orderId', 'userId', 'eventId'] } as const
const OfOrder = z.object({ orderId: OrderId, userId: UserId, eventId: EventId })
const OfTicket = OfOrder.extend({ ticketId: TicketId, ticketNumber: z.string(), ticketTypeId: TicketTypeId })

export const ticketsGenerated = defineMessage('TICKETS_GENERATED', {
  ...aboutOrder,
  payload: OfOrder.extend({
    venueId: VenueId,
    reservationId: ReservationId,
    tickets: z.array(
      z.object({
        ticketId: TicketId,
        ticketNumber: z.string(),
        qrCode: z.string(),
        ticketTypeId: TicketTypeId,
        ticketTypeName: z.string(),
        seat: Seat.optional(),
        unitPrice: Money,
        currency: Currency,
        holderName: z.string(),
      }),
    ),
  }),
})
export const ticketsRejected = defineMessage('TICKETS_REJECTED', {
  ...aboutOrder,
  payload: OfOrder.extend({ reservationId: ReservationId, reason: z.string() }),
})
export const ticketCancelled = defineMessage('TICKET_CANCELLED', {
  topics: ['ticket-events'],
  attributes: ['ticketId', 'orderId', 'userId', 'eventId'],
  payload: OfTicket.extend({ reason: z.string(), unitPrice: Money, currency: Currency }),
})
export const ticketTransferred = defineMessage('TICKET_TRANSFERRED', {
  topics: ['ticket-events'],
  attributes: ['ticketId', 'orderId', 'userId', 'eventId'],
  payload: OfTicket.extend({ newTicketId: TicketId, recipientId: UserId, recipientEmail: Email, holderName: z.string() }),
})
/** A ticket waits for whoever this address belongs to; `userId` is the sender's. */
export const ticketTransferOffered = defineMessage('TICKET_TRANSFER_OFFERED', {
  topics: ['ticket-events'],
  attributes: ['transferId', 'ticketId', 'userId', 'eventId'],
  payload: z.object({
    transferId: TransferId,
    ticketId: TicketId,
    eventId: EventId,
    userId: UserId,
    senderName: z.string().optional(),
    recipientEmail: Email,
    holderName: z.string(),
  }),
})
export const ticketsDelivered = defineMessage('TICKETS_DELIVERED', {
  ...aboutOrder,
  payload: OfOrder.extend({ notificationId: NotificationId, channel: z.literal('EMAIL'), deliveredAt: Instant }),
})
export const ticketDeliveryFailed = defineMessage('TICKET_DELIVERY_FAILED', {
  ...aboutOrder,
  payload: OfOrder.extend({ notificationId: NotificationId, channel: z.literal('EMAIL'), reason: z.string() }),
})
/** A type as it stands: `withdrawn` when it is offered no more. */
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
  }).extend({ withdrawn: z.boolean() }),
})
/** Somebody was admitted; `userId` is whose ticket it is. */
export const ticketCheckedIn = defineMessage('TICKET_CHECKED_IN', {
  topics: ['ticket-events'],
  attributes: ['ticketId', 'orderId', 'userId', 'eventId'],
  payload: OfTicket.extend({ checkedInAt: Instant, gate: z.string().optional() }),
})
/** A hold that came to nothing. That one became tickets is said by TICKETS_GENERATED. */
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
    tickets: z.array(z.object({ ticketTypeId: TicketTypeId, quantity: z.int().positive() })),
  }),
})
