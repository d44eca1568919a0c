import {
  EventId,
  Instant,
  type NotificationType,
  orderCancelled,
  orderContactChanged,
  orderContactRequested,
  orderCreated,
  orderStatusChanged,
  paymentCompleted,
  paymentFailed,
  refundProcessed,
  TicketId,
  TransferId,
  ticketsGenerated,
  ticketsStopped,
  userCreated,
} from '@boxoffice/contracts'
import { z } from 'zod'

/**
 * A token for the owner of a mailbox. The auth service is asked for other personal data when the mail is
 * sent.
 */
const Token = userCreated.payload.pick({ userId: true, sealedToken: true, tokenExpiresAt: true })

/** Each side of a transfer has its own ticket alone: the sender never sees the new one. */
const Transfer = z.discriminatedUnion('side', [
  z.object({ side: z.literal('SENT'), eventId: EventId, ticketNumber: z.string(), holderName: z.string() }),
  // `more`: other tickets that the same user received, merged into this notification.
  z.object({
    side: z.literal('RECEIVED'),
    eventId: EventId,
    newTicketId: TicketId,
    more: z.array(TicketId).optional(),
  }),
  z.object({
    side: z.literal('OFFERED'),
    eventId: EventId,
    transferId: TransferId.optional(),
    senderName: z.string().optional(),
    holderName: z.string(),
  }),
])

const stopped = ticketsStopped.payload.pick({ eventId: true, ticketIds: true })
const Stop = z.discriminatedUnion('state', [
  stopped.extend({ state: z.literal('STOPPED'), reason: ticketsStopped.payload.shape.reason }),
  stopped.extend({ state: z.literal('REINSTATED') }),
  // Several merged ones: the current states are looked up.
  stopped.extend({ state: z.literal('CHANGED') }),
])

/** The stored part of a message, by type, before and after sending. */
export const payloads = {
  USER_WELCOME: Token,
  EMAIL_VERIFICATION: Token,
  PASSWORD_RESET: Token,
  EMAIL_CHANGE: Token,
  EMAIL_CHANGED: Token,
  // Tickets are looked up when the mail is written. Older rows have a list of them, which is ignored.
  ORDER_CONFIRMATION: ticketsGenerated.payload.pick({ orderId: true, eventId: true, userId: true }),
  PAYMENT_PROCESSED: paymentCompleted.payload.omit({
    holderName: true,
    reservationId: true,
    transactionId: true,
  }),
  PAYMENT_FAILED: paymentFailed.payload,
  REFUND_PROCESSED: refundProcessed.payload,
  ORDER_CREATED: orderCreated.payload,
  ORDER_STATUS_CHANGED: orderStatusChanged.payload,
  ORDER_CANCELLED: orderCancelled.payload,
  EVENT_UPDATED: z.object({ eventId: EventId, changed: z.array(z.string()) }),
  EVENT_CANCELLED: z.object({ eventId: EventId, cancellationReason: z.string() }),
  // The date that it is about; another date has another reminder.
  EVENT_REMINDER: z.object({ eventId: EventId, eventDate: Instant }),
  TICKET_TRANSFERRED: Transfer,
  TICKETS_STOPPED: Stop,
  // The address is in its own column until the mail is sent.
  ORDER_CONTACT_REQUESTED: orderContactRequested.payload.omit({ email: true }),
  ORDER_CONTACT_CHANGED: orderContactChanged.payload.omit({ email: true }),
} as const satisfies Record<NotificationType, z.ZodType>

export type PayloadOf<T extends NotificationType> = z.output<(typeof payloads)[T]>

/** Whether it is about several received tickets. */
export const isOfSeveral = (transfer: PayloadOf<'TICKET_TRANSFERRED'>): boolean =>
  transfer.side === 'RECEIVED' && (transfer.more?.length ?? 0) > 0

/** Encodes a payload as JSON, without fields that the type does not need. */
export const encodePayload = <T extends NotificationType>(type: T, payload: PayloadOf<T>): unknown =>
  z.encode(payloads[type] as z.ZodType, payload)

/** Decodes the payload of a notification of this type. Throws if it is another type's. */
export const payloadOf = <T extends NotificationType>(
  type: T,
  { payload }: { payload: unknown },
): PayloadOf<T> => z.decode(payloads[type] as z.ZodType, payload as never) as PayloadOf<T>

/** The subject in the recipient's log until a notification has its own. */
export const workingTitles: Record<NotificationType, string> = {
  USER_WELCOME: 'Welcome to Boxoffice',
  EMAIL_VERIFICATION: 'Confirm your address',
  PASSWORD_RESET: 'Set a new password',
  EMAIL_CHANGE: 'Confirm your new address',
  EMAIL_CHANGED: 'Your account has another address',
  ORDER_CONFIRMATION: 'Your tickets',
  PAYMENT_PROCESSED: 'Your receipt',
  PAYMENT_FAILED: 'Your payment did not go through',
  REFUND_PROCESSED: 'Your refund',
  ORDER_CREATED: 'We have your order',
  ORDER_STATUS_CHANGED: 'Update on your order',
  ORDER_CANCELLED: 'Your order is cancelled',
  EVENT_UPDATED: 'An event has changed',
  EVENT_CANCELLED: 'An event is cancelled',
  EVENT_REMINDER: 'Your event is soon',
  TICKET_TRANSFERRED: 'A ticket has changed hands',
  TICKETS_STOPPED: 'Update on your tickets',
  ORDER_CONTACT_REQUESTED: 'Confirm where the mails of your order go',
  ORDER_CONTACT_CHANGED: 'The mails of your order go to another address',
}
