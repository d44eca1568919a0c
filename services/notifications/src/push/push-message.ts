import { createHash } from 'node:crypto'
import { cutToGraphemes } from '@boxoffice/contracts'
import { shortWhenOf } from '../mails/formats.ts'
import { oneLine, type ShownEvent } from '../mails/mail.ts'
import { standings } from '../mails/order-news.ts'
import type { LeasedNotification } from '../notifications/notification.ts'
import { isOfSeveral, type PayloadOf, workingTitles } from '../notifications/payloads.ts'
import type { PushedType } from '../preferences/preference.ts'

/** A push as it is sent: the same to each device. */
export interface PushMessage {
  title: string
  body: string
  /** Where a press on it leads: never a link with a token, since whoever holds the device sees it. */
  url: string
  /**
   * What a newer one takes the place of, at the push service and on the device; of the alphabet of base64url.
   */
  topic: string
  /** How long a push service keeps it for a device that is not there. */
  ttlSeconds: number
  /** Whether a device that saves its battery is woken up. */
  urgency: 'low' | 'normal' | 'high'
}

type About = Pick<LeasedNotification, 'notificationId' | 'type'> & { publicUrl: string; now: Date }

const HOUR_S = 3_600
const DAY_S = 86_400

/** How long each is of use, and how urgent it is. */
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
  // At most: it ends when the event begins.
  EVENT_REMINDER: { ttlSeconds: DAY_S, urgency: 'normal' },
  TICKET_TRANSFERRED: { ttlSeconds: 3 * DAY_S, urgency: 'high' },
}

const sayings: {
  readonly [T in PushedType]: (name: string, payload: PayloadOf<T>, event: ShownEvent) => string
} = {
  ORDER_CONFIRMATION: (name) => `${name}: your tickets are in your mailbox.`,
  ORDER_CREATED: (name) => `${name}: you hear from us when it is through.`,
  ORDER_STATUS_CHANGED: (name, { status }) => `${name}: your order is ${standings[status].now}.`,
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
 * What takes the place of what: news of an order that of before, and so of an event. Two tickets or refunds
 * are two things.
 */
function subjectOf<T extends PushedType>({ notificationId, type }: About, payload: PayloadOf<T>): string {
  const { orderId, eventId } = payload as { orderId?: string; eventId?: string }
  if (type === 'TICKET_TRANSFERRED' || type === 'REFUND_PROCESSED') return notificationId
  if (type.startsWith('EVENT_')) return `event ${eventId}`
  return type === 'PAYMENT_PROCESSED' ? `payment ${orderId}` : `order ${orderId}`
}

// RFC 8030, 5.4: 32 characters at most. A hash: what is ours to know is not the push service's.
const topicOf = (subject: string) =>
  createHash('sha256').update(`push ${subject}`).digest('base64url').slice(0, 32)

/** Characters of a name in a push: what telephones show of one. */
const NAME_MAX = 80

/**
 * What a push says: the event and what became of it; no name, no number, no code, no link that opens
 * anything.
 */
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

/** Nobody is reminded of what has begun. */
function ttlSecondsOf(type: PushedType, { eventDate }: ShownEvent, now: Date): number {
  const { ttlSeconds } = manners[type]
  if (type !== 'EVENT_REMINDER') return ttlSeconds
  return Math.min(ttlSeconds, Math.max(0, Math.floor((eventDate.getTime() - now.getTime()) / 1_000)))
}

/** A push in words that somebody else gave: of an operator's template. */
export function namedPush(
  { title, body }: { title: string; body: string },
  about: About & { type: PushedType },
): PushMessage {
  const { notificationId, publicUrl, type } = about
  return { title, body, url: new URL('/', publicUrl).href, topic: topicOf(notificationId), ...manners[type] }
}

/**
 * What the browser's service worker reads, in JSON: `tag` has a newer one shown in the place of an older one.
 */
export const contentOf = ({ title, body, url, topic }: PushMessage, notificationId: string): string =>
  JSON.stringify({ title, body, url, tag: topic, notificationId })
