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

/** Something that somebody is to be told, by whichever channels they chose. */
export interface Wanted {
  /** What it came of: for one of these, a type and a recipient there is one notification a channel. */
  messageId: string
  correlationId: string
  type: NotificationType
  /** null: somebody without an account, at `address`. */
  recipientId: UserId | null
  address?: string
  orderId?: OrderId
  eventId?: EventId
  /** JSON. */
  payload: unknown
  /** The trace of what it came of; the present one where none is given. */
  traceparent?: string | null
}

/** A notification as it begins. */
export interface NewNotification extends Wanted {
  notificationId: NotificationId
  channel: SentBy
  subject: string
  ownSubject?: string
  urgent: boolean
  priority: Priority
  resendOf?: NotificationId
  /** A configured template; the type's own where none is named. */
  template?: string
  /** The service that asked for it. */
  requestedBy?: Caller
  /** It is to be told what becomes of it. */
  notifyResult?: boolean
  /** Of what another service asked for under a key. */
  requestHash?: string
  /** Not before: now where none is given. */
  nextAttemptAt?: Date
  createdAt: Date
}

/** A notification that is this process's to send, as long as its lease lasts. */
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
  /** A configured template; null: the type's own. */
  template: string | null
  /** The service that asked for it; null: a message did. */
  requestedBy: Caller | null
  notifyResult: boolean
  /** It is in the lane of what takes long. */
  bulk: boolean
  payload: unknown
  correlationId: string
  /** The trace of what it came of; null: it is a trace of its own. */
  traceparent: string | null
  createdAt: Date
  attempts: number
  lease: string
  /** An address of its own was asked for for its order. */
  mayHaveContact: boolean
}

interface Came<P> {
  messageId: string
  correlationId: string
  payload: P
}

/** The notification that a message asks for, to the user it names. */
export function wantedOf<T extends NotificationType>(
  type: T,
  {
    messageId,
    correlationId,
    payload,
  }: Came<PayloadOf<T> & { userId: UserId; orderId?: OrderId; eventId?: EventId }>,
): Wanted {
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
 * The confirmation of an order: one, however many messages tell of its tickets, and in whatever order they
 * come. What it says is looked up when it is written.
 */
export const confirmationOf = ({
  correlationId,
  payload,
}: Omit<Came<PayloadOf<'ORDER_CONFIRMATION'>>, 'messageId'>): Wanted =>
  wantedOf('ORDER_CONFIRMATION', {
    messageId: derivedId(`ORDER_CONFIRMATION ${payload.orderId}`),
    correlationId,
    payload,
  })

const RETRY_MAX_MS = 300_000

/**
 * How long to wait after this many attempts: doubling from `firstWaitMs`, five minutes at most, with up to a
 * fifth less.
 */
export function waitAfter(attempts: number, firstWaitMs: number, random: () => number = Math.random): number {
  const full = Math.min(RETRY_MAX_MS, firstWaitMs * 2 ** Math.min(attempts - 1, 30))
  return Math.round(full * (1 - 0.2 * random()))
}

/**
 * How long another service that was not there is waited for at most, up to so many attempts: it was
 * restarted, most likely.
 */
const peerWaits = [
  { attempts: 12, maxMs: 15_000 },
  { attempts: 40, maxMs: 60_000 },
] as const

/**
 * How long to wait for another service that was not there: at first no longer than 15 s, then no longer than
 * its breaker takes to let a call try. Doubling on, the mail would come minutes after both.
 */
export function waitForPeerAfter(
  attempts: number,
  firstWaitMs: number,
  random: () => number = Math.random,
): number {
  const wait = waitAfter(attempts, firstWaitMs, random)
  return Math.min(wait, peerWaits.find((step) => attempts <= step.attempts)?.maxMs ?? wait)
}

/** What a provider made of what it was handed. */
export type Handed = { accepted: true; providerMessageId: string } | { accepted: false; reason: string }
