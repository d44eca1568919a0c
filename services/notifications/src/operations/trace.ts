import type { TraceEntry } from '@boxoffice/contracts'
import type { TraceSource } from '@boxoffice/messaging'
import type { Sql } from '@boxoffice/service-kit'
import { blankAddresses } from '../notifications/blanked.ts'
import {
  findTracedLetters,
  findTracedNotifications,
  type TracedLetter,
  type TracedNotification,
} from './trace-repository.ts'

const REASON_MAX = 200
const sent = { EMAIL: 'mail', SMS: 'text message', PUSH: 'push' } as const

/** Finds notifications, without their recipients, and recorded dead letters. */
export const createTraceSource =
  ({ sql }: { sql: Sql }): TraceSource =>
  async (ids, max) => {
    const [notifications, letters] = await Promise.all([
      findTracedNotifications(sql, ids, max),
      findTracedLetters(sql, ids, max),
    ])
    return {
      entries: [...notifications.flatMap(entriesOf), ...letters.map(entryOfLetter)],
      related: {
        orderIds: notifications.map(({ orderId }) => orderId),
        messageIds: [...notifications, ...letters].map(({ messageId }) => messageId),
        correlationIds: notifications.map(({ correlationId }) => correlationId),
      },
    }
  }

function entriesOf(notification: TracedNotification): TraceEntry[] {
  const { messageId, correlationId, orderId, type, channel, attempts } = notification
  const entry = (at: Date | null, what: string, detail?: string | null): TraceEntry[] =>
    at
      ? [
          {
            at,
            kind: 'DELIVERY',
            what: `${sent[channel]} ${type} ${what}`,
            messageId,
            correlationId,
            ...(orderId && { orderId }),
            ...(detail && { detail: safe(detail) }),
          },
        ]
      : []
  return [
    ...entry(notification.createdAt, 'REQUESTED', unsentOf(notification)),
    ...entry(notification.sentAt, 'SENT', attempts > 1 ? `after ${attempts} attempts` : null),
    ...entry(notification.delayedAt, 'DELAYED', notification.delayReason),
    ...entry(notification.bouncedAt, 'BOUNCED', notification.bounceReason),
    ...entry(notification.complainedAt, 'COMPLAINED'),
  ]
}

/** When one failed or was cancelled is not recorded. */
const unsentOf = ({ status, sentAt, attempts, failureReason }: TracedNotification): string | null =>
  sentAt ? null : [`now ${status} after ${attempts} attempts`, failureReason].filter(Boolean).join(': ')

/** Providers name addresses in their reasons. */
const safe = (reason: string) => blankAddresses(reason).slice(0, REASON_MAX)

const entryOfLetter = ({
  sentAt,
  eventType,
  messageId,
  queue,
  reason,
  redrives,
}: TracedLetter): TraceEntry => ({
  at: sentAt,
  kind: 'DEAD_LETTER',
  what: eventType,
  messageId,
  queue,
  detail: safe(
    (reason ?? 'received too often without success') +
      (redrives > 0 ? `, requeued ${redrives} times before` : ''),
  ),
})
