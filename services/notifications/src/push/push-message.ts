import { createHash } from 'node:crypto'
import { cutToGraphemes } from '@boxoffice/contracts'
import { shortWhenOf } from '../mails/formats.ts'
import { oneLine, type ShownEvent } from '../mails/mail.ts'
import { statusTexts } from '../mails/order-update.ts'
import type { LeasedNotification } from '../notifications/notification.ts'
import { isOfSeveral, type PayloadOf, workingTitles } from '../notifications/payloads.ts'
import type { PushedType } from '../preferences/preference.ts'

/** A push message, the same for each device. */
export interface PushMessage {
  title: string
  body: string
  /** The page that it opens: never a link with a token, since anyone who holds the device sees it. */
  url: string
  /**
   * A newer push replaces the previous one of the same topic, at the push service and on the device. In the
   * base64url alphabet.
   */
  topic: string
  /** How long a push service keeps it for an offline device. */
  ttlSeconds: number
  /** Whether it wakes a device that saves battery. */
  urgency: 'low' | 'normal' | 'high'
}

type About = Pick<LeasedNotification, 'notificationId' | 'type'> & { publicUrl: string; now: Date }

const HOUR_S = 3_600
const DAY_S = 86_400

/** Lifetime and urgency by type. */
const manners: { readonly [T in PushedType]: Pick<PushMessage, 'ttlSeconds' | 'urgency'> } = {
  ORDER_CONFIRMATION: { ttlSeconds: 3 * DAY_S, urgency: 'normal' },
  ORDER_CREATED: { ttlSeconds: HOUR_S, urgency: 'low' },
  ORDER_STATUS_CHANGED: { ttlSeconds: DAY_S, urgency: 'low' },
  ORDER_CANCELLED: { ttlSeconds: 3 * DAY_S, urgency: 'normal' },
  PAYMENT_PROCESSED: { ttlSeconds: DAY_S, urgency: 'low' },
  PAYMENT_FAILED: { ttlSeconds: DAY_S, urgency: 'high' },
  REFUND_PROCESSED: { ttlSeconds: 3 * DAY_S, urgency: 'normal' },
  EVENT_UPDATED: { ttlSeconds: 3 * DAY_S, urgency: 'high' },
  EVENT_CANCELLED: { ttlSeconds: 3 * DAY_S, urgency: 'high' },
  // At most: it expires when the event begins.
  EVENT_REMINDER: { ttlSeconds: DAY_S, urgency: 'normal' },
  TICKET_TRANSFERRED: { ttlSeconds: 3 * DAY_S, urgency: 'high' },
}

const sayings: {
  readonly [T in PushedType]: (name: string, payload: PayloadOf<T>, event: ShownEvent) => string
} = {
  ORDER_CONFIRMATION: (name) => `${name}: your tickets are in your mailbox.`,
  ORDER_CREATED: (name) => `${name}: you hear from us when it is through.`,
  ORDER_STATUS_CHANGED: (name, { status }) => `${name}: your order is ${statusTexts[status].now}.`,
  ORDER_CANCELLED: (name) => `${name}: your order is cancelled.`,
  PAYMENT_PROCESSED: (name) => `${name}: your payment went through.`,
  PAYMENT_FAILED: (name) => `${name}: there are no tickets yet. Details are in your mailbox.`,
  REFUND_PROCESSED: (name) => `${name}: your refund is on its way.`,
  EVENT_UPDATED: (name) => `${name} has another time or place. Details are in your mailbox.`,
  EVENT_CANCELLED: (name) => `${name} does not take place. Details are in your mailbox.`,
  EVENT_REMINDER: (name, _, event) => `${name} begins on ${shortWhenOf(event)}.`,
  TICKET_TRANSFERRED: (name, transfer) =>
    isOfSeveral(transfer)
      ? `${name}: you were given a ticket, and others. They are in your account.`
      : transfer.side === 'RECEIVED'
        ? `${name}: you were given a ticket. It is in your mailbox.`
        : `${name}: your ticket was handed on. If that was not you, set a new password.`,
}

/**
 * Returns what a push replaces: an older one about the same order, event or payment. Each transfer and refund
 * stands alone.
 */
function subjectOf<T extends PushedType>({ notificationId, type }: About, payload: PayloadOf<T>): string {
  const { orderId, eventId } = payload as { orderId?: string; eventId?: string }
  if (type === 'TICKET_TRANSFERRED' || type === 'REFUND_PROCESSED') return notificationId
  if (type.startsWith('EVENT_')) return `event ${eventId}`
  return type === 'PAYMENT_PROCESSED' ? `payment ${orderId}` : `order ${orderId}`
}

// RFC 8030, 5.4: 32 characters at most. Hashed, because the push service need not know our ids.
const topicOf = (subject: string) =>
  createHash('sha256').update(`push ${subject}`).digest('base64url').slice(0, 32)

/** Characters of a name in a push, as many as telephones show. */
const NAME_MAX = 80

/** Returns a push about the event: no personal names, numbers, codes or links that open anything. */
export function pushMessageOf<T extends PushedType>(
  type: T,
  event: ShownEvent,
  payload: PayloadOf<T>,
  about: About,
): PushMessage {
  const saying = sayings[type] as (name: string, payload: PayloadOf<T>, event: ShownEvent) => string
  const name = oneLine(cutToGraphemes(event.name, NAME_MAX))
  return {
    title: workingTitles[type],
    body: saying(name, payload, event),
    url: new URL('/', about.publicUrl).href,
    topic: topicOf(subjectOf(about, payload)),
    urgency: manners[type].urgency,
    ttlSeconds: ttlSecondsOf(type, event, about.now),
  }
}

/** A reminder expires when its event begins. */
function ttlSecondsOf(type: PushedType, { eventDate }: ShownEvent, now: Date): number {
  const { ttlSeconds } = manners[type]
  if (type !== 'EVENT_REMINDER') return ttlSeconds
  return Math.min(ttlSeconds, Math.max(0, Math.floor((eventDate.getTime() - now.getTime()) / 1_000)))
}

/** Returns a push with the text of an operator's template. */
export function namedPush(
  { title, body }: { title: string; body: string },
  about: About & { type: PushedType },
): PushMessage {
  const { notificationId, publicUrl, type } = about
  return { title, body, url: new URL('/', publicUrl).href, topic: topicOf(notificationId), ...manners[type] }
}

/**
 * Encodes a push as JSON for the browser's service worker; a notification replaces the one with the same
 * `tag`.
 */
export const contentOf = ({ title, body, url, topic }: PushMessage, notificationId: string): string =>
  JSON.stringify({ title, body, url, tag: topic, notificationId })
