import { type EventId, type NotificationType, TICKETS_PER_ORDER_MAX } from '@boxoffice/contracts'
import type { LeasedNotification } from '../notifications/notification.ts'
import { encodePayload, type PayloadOf, payloadOf } from '../notifications/payloads.ts'
import type { SentBy } from '../preferences/preference.ts'

/**
 * What other people can cause to be sent to a user: received tickets, and changes of events that they hold
 * tickets for.
 */
export type Kind = 'TRANSFERS' | 'EVENT_CHANGES'

type Mergeable = Pick<LeasedNotification, 'notificationId' | 'type' | 'channel' | 'eventId' | 'payload'>
/** The fields of a notification that the limits need. */
export type Limited = Mergeable & Pick<LeasedNotification, 'recipientId' | 'requestedBy' | 'resendOf'>

const eventChangeTypes: readonly NotificationType[] = ['EVENT_UPDATED', 'TICKETS_STOPPED']
/** Types that are limited, some of them in part. */
export const limitedTypes: readonly NotificationType[] = [...eventChangeTypes, 'TICKET_TRANSFERRED']

/**
 * Returns the kind of a limited notification; null if the recipient caused it, must get it, or another
 * service or an operator vouches for it. The sender of a ticket is always warned. An offer goes to an
 * address, and the ticket service limits those.
 */
export function kindOf({
  type,
  recipientId,
  requestedBy,
  resendOf,
  payload,
}: Omit<Limited, 'notificationId' | 'channel' | 'eventId'>) {
  if (recipientId === null || requestedBy !== null || resendOf !== null) return null
  if (eventChangeTypes.includes(type)) return 'EVENT_CHANGES' satisfies Kind
  return type === 'TICKET_TRANSFERRED' && (payload as { side?: string }).side === 'RECEIVED'
    ? ('TRANSFERS' satisfies Kind)
    : null
}

/** A notification that was admitted in the last 24 hours. */
export interface Placed {
  readonly notificationId: string
  readonly type: NotificationType
  readonly channel: SentBy
  readonly eventId: EventId | null
  readonly placedAt: Date
}

/** Notifications about the same thing that go immediately: a mistake and its correction. */
const AT_ONCE_MAX = 2
const FIRST_WAIT_MS = 900_000
const WAIT_MAX_MS = 28_800_000

/** Whether two notifications can be merged: received tickets of one user, or the same change of one event. */
export const isAboutSame = (one: Limited, other: Limited): boolean =>
  kindOf(one) === kindOf(other) &&
  one.channel === other.channel &&
  (kindOf(one) === 'TRANSFERS' || (one.type === other.type && one.eventId === other.eventId))

/**
 * Returns how long a notification has to wait, and whether others about the same are merged into it. Up to
 * `perDay` of a kind go immediately, and two changes of one type per event. The next waits a quarter of an
 * hour after the last, the one after that half an hour, up to eight hours. `placed`: what its recipient was
 * sent of either kind in the last 24 hours.
 */
export function delayOf(
  one: Limited,
  placed: readonly Placed[],
  { perDay, now }: { perDay: number; now: Date },
): { waitMs: number; gathers: boolean } {
  const isOther = ({ notificationId, channel }: Placed) =>
    notificationId !== one.notificationId && channel === one.channel
  const others = placed.filter(isOther)
  const isTransfer = kindOf(one) === 'TRANSFERS'
  const ofKind = others.filter(({ type }) => (type === 'TICKET_TRANSFERRED') === isTransfer)
  const ofKindMs = waitAfter(ofKind, perDay, now)
  if (isTransfer) return { waitMs: ofKindMs, gathers: ofKind.length >= perDay }
  const ofSame = ofKind.filter(({ type, eventId }) => type === one.type && eventId === one.eventId)
  return { waitMs: Math.max(ofKindMs, waitAfter(ofSame, AT_ONCE_MAX, now)), gathers: true }
}

function waitAfter(placed: readonly Placed[], atOnce: number, now: Date): number {
  if (placed.length < atOnce) return 0
  const last = Math.max(...placed.map(({ placedAt }) => placedAt.getTime()))
  return Math.max(
    0,
    last + Math.min(WAIT_MAX_MS, FIRST_WAIT_MS * 2 ** (placed.length - atOnce)) - now.getTime(),
  )
}

/** Returns one payload, as JSON, for a notification and others about the same, the oldest first. */
export function gathered(one: Mergeable, others: readonly Mergeable[]): unknown {
  if (others.length === 0) return one.payload
  const all = [...others, one]
  if (one.type === 'EVENT_UPDATED') {
    const { eventId } = payloadOf('EVENT_UPDATED', one)
    const changed = all.flatMap((one) => payloadOf('EVENT_UPDATED', one).changed)
    return encodePayload('EVENT_UPDATED', { eventId, changed: [...new Set(changed)] })
  }
  if (one.type === 'TICKETS_STOPPED') {
    const { eventId } = payloadOf('TICKETS_STOPPED', one)
    const ticketIds = latest(all.flatMap((one) => payloadOf('TICKETS_STOPPED', one).ticketIds))
    return encodePayload('TICKETS_STOPPED', { eventId, ticketIds, state: 'CHANGED' })
  }
  const { eventId, newTicketId } = receivedOf(one)
  const ticketIds = latest(all.flatMap((one) => ticketsOf(receivedOf(one))))
  const more = ticketIds.filter((ticketId) => ticketId !== newTicketId)
  return encodePayload('TICKET_TRANSFERRED', { side: 'RECEIVED', eventId, newTicketId, more })
}

type Received = Extract<PayloadOf<'TICKET_TRANSFERRED'>, { side: 'RECEIVED' }>
function receivedOf(one: Mergeable): Received {
  const transfer = payloadOf('TICKET_TRANSFERRED', one)
  if (transfer.side !== 'RECEIVED') throw new Error(`${one.notificationId} is not about a received ticket`)
  return transfer
}
/** All tickets that it is about. */
export const ticketsOf = ({ newTicketId, more = [] }: Received): Received['newTicketId'][] => [
  ...more,
  newTicketId,
]

/** Removes duplicates and keeps the last ones if there are too many. */
const latest = <T>(ids: readonly T[]): T[] => [...new Set(ids)].slice(-TICKETS_PER_ORDER_MAX)
