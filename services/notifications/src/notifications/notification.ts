import {
  type EventId,
  type Message,
  type MessageDefinition,
  type NotificationId,
  type NotificationType,
  type OrderId,
  orderCancelled,
  type Payload,
  paymentFailed,
  refundProcessed,
  ticketsGenerated,
  type UserId,
  userCreated,
} from '@boxoffice/contracts'
import { z } from 'zod'

/** The welcome's payload leaves out what is personal: the auth service is asked for it when the mail goes out. */
const WelcomePayload = userCreated.payload.pick({ userId: true, sealedToken: true, tokenExpiresAt: true })

/** What is kept of the message of each type, until the mail goes out. */
const payloads = {
  USER_WELCOME: WelcomePayload,
  ORDER_CONFIRMATION: ticketsGenerated.payload,
  PAYMENT_FAILED: paymentFailed.payload,
  REFUND_PROCESSED: refundProcessed.payload,
  ORDER_CANCELLED: orderCancelled.payload,
} as const satisfies Partial<Record<NotificationType, z.ZodType>>
export type MailedType = keyof typeof payloads
export type PayloadOf<T extends MailedType> = z.output<(typeof payloads)[T]>

/** What a mail is called in its recipient's log until it has its own subject. */
const workingTitles: Record<MailedType, string> = {
  USER_WELCOME: 'Welcome to Boxoffice',
  ORDER_CONFIRMATION: 'Your tickets',
  PAYMENT_FAILED: 'Your payment did not go through',
  REFUND_PROCESSED: 'Your refund',
  ORDER_CANCELLED: 'Your order is cancelled',
}

/** A notification as it begins. `payload` is JSON. */
export interface NewNotification {
  notificationId: NotificationId
  messageId: string
  type: MailedType
  recipientId: UserId
  orderId?: OrderId
  eventId?: EventId
  payload: unknown
  subject: string
  correlationId: string
  createdAt: Date
}

/** A notification that is this process's to send, as long as its lease lasts. */
export interface LeasedNotification {
  notificationId: NotificationId
  type: MailedType
  recipientId: UserId
  payload: unknown
  correlationId: string
  createdAt: Date
  attempts: number
  lease: string
}

type MailedMessage = MessageDefinition<string, z.ZodType<{ userId: UserId; orderId?: OrderId; eventId?: EventId }>>

/** The notification that a message asks for. */
export function notificationOf<D extends MailedMessage>(
  type: MailedType,
  message: Message<D>,
  made: { newId: () => string; now: () => Date },
): NewNotification {
  const { messageId, correlationId, payload } = message as { messageId: string; correlationId: string; payload: Payload<D> }
  const { userId, orderId, eventId } = payload
  return {
    notificationId: made.newId() as NotificationId,
    messageId,
    type,
    recipientId: userId,
    ...(orderId && { orderId }),
    ...(eventId && { eventId }),
    payload: z.encode(payloads[type] as z.ZodType, payload),
    subject: workingTitles[type],
    correlationId,
    createdAt: made.now(),
  }
}

/** The payload of a leased notification as its message had it. */
export const payloadOf = <T extends MailedType>(type: T, notification: LeasedNotification): PayloadOf<T> =>
  z.decode(payloads[type] as z.ZodType, notification.payload as never) as PayloadOf<T>

const RETRY_MAX_MS = 300_000

/** How long to wait after this many attempts: doubling from `firstWaitMs`, five minutes at most, with up to a fifth less. */
export function waitAfter(attempts: number, firstWaitMs: number, random: () => number = Math.random): number {
  const full = Math.min(RETRY_MAX_MS, firstWaitMs * 2 ** Math.min(attempts - 1, 30))
  return Math.round(full * (1 - 0.2 * random()))
}
