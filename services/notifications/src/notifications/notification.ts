import type {
  Caller,
  EventId,
  NotificationId,
  NotificationType,
  OrderId,
  Priority,
  UserId,
} from '@boxoffice/contracts'
import type { SentBy } from '../preferences/preference.ts'
import { derivedId } from './derived-id.ts'
import { encodePayload, type PayloadOf } from './payloads.ts'

/** A notification before it is split into the channels that its recipient chose. */
export interface NotificationDraft {
  /** The message that caused it: one notification per message, type, recipient and channel. */
  messageId: string
  correlationId: string
  type: NotificationType
  /** null: a person without an account, at `address`. */
  recipientId: UserId | null
  address?: string
  orderId?: OrderId
  eventId?: EventId
  /** JSON. */
  payload: unknown
  /** The trace of its cause; the current one if none is given. */
  traceparent?: string | null
}

/** A new notification. */
export interface NewNotification extends NotificationDraft {
  notificationId: NotificationId
  channel: SentBy
  subject: string
  ownSubject?: string
  urgent: boolean
  priority: Priority
  resendOf?: NotificationId
  /** An operator's template; the type's own if none is named. */
  template?: string
  /** The service that requested it. */
  requestedBy?: Caller
  /** Whether that service is notified of the result. */
  notifyResult?: boolean
  /** The hash of a request with an idempotency key. */
  requestHash?: string
  /** The earliest time to send it; now if none is given. */
  nextAttemptAt?: Date
  createdAt: Date
}

/** A notification leased by this process until its lease expires. */
export interface LeasedNotification {
  notificationId: NotificationId
  type: NotificationType
  channel: SentBy
  recipientId: UserId | null
  address: string | null
  ownSubject: string | null
  resendOf: NotificationId | null
  urgent: boolean
  priority: Priority
  orderId: OrderId | null
  eventId: EventId | null
  /** An operator's template; null: the type's own. */
  template: string | null
  /** The service that requested it; null: a message did. */
  requestedBy: Caller | null
  notifyResult: boolean
  /** It is in the bulk lane. */
  bulk: boolean
  payload: unknown
  correlationId: string
  /** The trace of its cause; null: it starts its own. */
  traceparent: string | null
  createdAt: Date
  /** When the first one was created, if it repeats another. */
  causedAt: Date
  attempts: number
  lease: string
  /** Its order may have its own address. */
  mayHaveContact: boolean
}

interface Caused<P> {
  messageId: string
  correlationId: string
  payload: P
}

/** Returns the notification that a message causes, to the user it names. */
export function draftOf<T extends NotificationType>(
  type: T,
  {
    messageId,
    correlationId,
    payload,
  }: Caused<PayloadOf<T> & { userId: UserId; orderId?: OrderId; eventId?: EventId }>,
): NotificationDraft {
  const { userId, orderId, eventId } = payload
  return {
    messageId,
    correlationId,
    type,
    recipientId: userId,
    ...(orderId && { orderId }),
    ...(eventId && { eventId }),
    payload: encodePayload(type, payload),
  }
}

/**
 * Returns the confirmation of an order: one, however many messages there are about its tickets and in
 * whatever order they come. Its content is looked up when it is sent.
 */
export const confirmationOf = ({
  correlationId,
  payload,
}: Omit<Caused<PayloadOf<'ORDER_CONFIRMATION'>>, 'messageId'>): NotificationDraft =>
  draftOf('ORDER_CONFIRMATION', {
    messageId: derivedId(`ORDER_CONFIRMATION ${payload.orderId}`),
    correlationId,
    payload,
  })

const RETRY_MAX_MS = 300_000

/**
 * Returns how long to wait after this many attempts: doubling from `firstWaitMs`, five minutes at most, with
 * a jitter of up to -20 %.
 */
export function waitAfter(attempts: number, firstWaitMs: number, random: () => number = Math.random): number {
  const full = Math.min(RETRY_MAX_MS, firstWaitMs * 2 ** Math.min(attempts - 1, 30))
  return Math.round(full * (1 - 0.2 * random()))
}

/** The longest wait for another of our services, by number of attempts: most likely it was restarted. */
const peerWaits = [
  { attempts: 12, maxMs: 15_000 },
  { attempts: 40, maxMs: 60_000 },
] as const

/**
 * Returns how long to wait for another of our services: at first up to 15 s, then no longer than its breaker
 * takes to let a call through. With plain doubling the mail would come minutes after both.
 */
export function waitForPeerAfter(
  attempts: number,
  firstWaitMs: number,
  random: () => number = Math.random,
): number {
  const wait = waitAfter(attempts, firstWaitMs, random)
  return Math.min(wait, peerWaits.find((step) => attempts <= step.attempts)?.maxMs ?? wait)
}

/** The provider's answer to a hand-over. */
export type Handed = { accepted: true; providerMessageId: string } | { accepted: false; reason: string }
