import { type EventId, type NotificationType, TICKETS_PER_ORDER_MAX } from '@boxoffice/contracts'
import type { LeasedNotification } from '../notifications/notification.ts'
import { encodePayload, type PayloadOf, payloadOf } from '../notifications/payloads.ts'
import type { SentBy } from '../preferences/preference.ts'

/**
 * What others can cause to be sent to somebody: tickets handed to them, and news of events that they hold
 * tickets of.
 */
export type Kind = 'TRANSFERS' | 'NEWS'

type Told = Pick<LeasedNotification, 'notificationId' | 'type' | 'channel' | 'eventId' | 'payload'>
/** A notification as far as the limits need it. */
export type Limited = Told & Pick<LeasedNotification, 'recipientId' | 'requestedBy'>

const news: readonly NotificationType[] = ['EVENT_UPDATED', 'TICKETS_STOPPED']
/** Types of which some, or all, are limited. */
export const limitedTypes: readonly NotificationType[] = [...news, 'TICKET_TRANSFERRED']

/**
 * Of which kind it is; null: it is the recipient's own doing, is owed, or another service answers for it.
 * Who hands a ticket on is warned each time; an offer goes to an address, of which the ticket service
 * counts.
 */
export function kindOf({
  type,
  recipientId,
  requestedBy,
  payload,
}: Omit<Limited, 'notificationId' | 'channel' | 'eventId'>) {
  if (recipientId === null || requestedBy !== null) return null
  if (news.includes(type)) return 'NEWS' satisfies Kind
  return type === 'TICKET_TRANSFERRED' && (payload as { side?: string }).side === 'RECEIVED'
    ? ('TRANSFERS' satisfies Kind)
    : null
}

/** Something that was let go in the last 24 hours. */
export interface Placed {
  readonly notificationId: string
  readonly type: NotificationType
  readonly channel: SentBy
  readonly eventId: EventId | null
  readonly placedAt: Date
}

/** So many of one thing go at once: what was done by mistake, and that it is undone. */
const AT_ONCE_MAX = 2
const FIRST_WAIT_MS = 900_000
const WAIT_MAX_MS = 28_800_000

/** Whether it is about the same: tickets that one user gets, or an event's news of one type. */
export const isAboutSame = (one: Limited, other: Limited): boolean =>
  kindOf(one) === kindOf(other) &&
  one.channel === other.channel &&
  (kindOf(one) === 'TRANSFERS' || (one.type === other.type && one.eventId === other.eventId))

/**
 * How long a notification still waits, and whether others about the same are told of with it. Up to
 * `perDay` of a kind go at once, and two of an event's news of one type; the next a quarter of an hour
 * after the last, the one after that half an hour, up to eight hours. `placed`: what its recipient was sent
 * of either kind in the last 24 hours.
 */
export function turnOf(
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

/**
 * The payload that says with one notification what others about the same, the oldest first, said too. JSON.
 */
export function gathered(one: Told, others: readonly Told[]): unknown {
  if (others.length === 0) return one.payload
  const all = [...others, one]
  if (one.type === 'EVENT_UPDATED') {
    const { eventId } = payloadOf('EVENT_UPDATED', one)
    const changed = all.flatMap((told) => payloadOf('EVENT_UPDATED', told).changed)
    return encodePayload('EVENT_UPDATED', { eventId, changed: [...new Set(changed)] })
  }
  if (one.type === 'TICKETS_STOPPED') {
    const { eventId } = payloadOf('TICKETS_STOPPED', one)
    const ticketIds = latest(all.flatMap((told) => payloadOf('TICKETS_STOPPED', told).ticketIds))
    return encodePayload('TICKETS_STOPPED', { eventId, ticketIds, state: 'CHANGED' })
  }
  const { eventId, newTicketId } = receivedOf(one)
  const ticketIds = latest(all.flatMap((told) => ticketsOf(receivedOf(told))))
  const more = ticketIds.filter((ticketId) => ticketId !== newTicketId)
  return encodePayload('TICKET_TRANSFERRED', { side: 'RECEIVED', eventId, newTicketId, more })
}

type Received = Extract<PayloadOf<'TICKET_TRANSFERRED'>, { side: 'RECEIVED' }>
function receivedOf(told: Told): Received {
  const transfer = payloadOf('TICKET_TRANSFERRED', told)
  if (transfer.side !== 'RECEIVED')
    throw new Error(`${told.notificationId} is of no ticket that was received`)
  return transfer
}
/** All tickets that it tells of. */
export const ticketsOf = ({ newTicketId, more = [] }: Received): Received['newTicketId'][] => [
  ...more,
  newTicketId,
]

/** Each once; of very many those that came last. */
const latest = <T>(ids: readonly T[]): T[] => [...new Set(ids)].slice(-TICKETS_PER_ORDER_MAX)
