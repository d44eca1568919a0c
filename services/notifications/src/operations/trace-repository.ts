import type { NotificationType, QueueName } from '@boxoffice/contracts'
import type { Sql } from '@boxoffice/service-kit'
import type { SentBy } from '../preferences/preference.ts'

/** A notification without its recipient. */
export interface TracedNotification {
  readonly notificationId: string
  readonly messageId: string
  readonly correlationId: string
  readonly orderId: string | null
  readonly type: NotificationType
  readonly channel: SentBy
  readonly status: string
  readonly attempts: number
  readonly failureReason: string | null
  readonly createdAt: Date
  readonly sentAt: Date | null
  readonly delayedAt: Date | null
  readonly delayReason: string | null
  readonly bouncedAt: Date | null
  readonly bounceReason: string | null
  readonly complainedAt: Date | null
}

/**
 * Returns the notifications that have one of these ids, or were caused by such a message or request, or are
 * about such an order; the oldest first, at most `max`.
 */
export const findTracedNotifications = (
  sql: Sql,
  ids: readonly string[],
  max: number,
): Promise<TracedNotification[]> =>
  sql.query(
    `select id as "notificationId", message_id as "messageId", correlation_id as "correlationId",
       order_id as "orderId", type, channel, status, attempts, failure_reason as "failureReason",
       created_at as "createdAt", sent_at as "sentAt", delayed_at as "delayedAt",
       delay_reason as "delayReason", bounced_at as "bouncedAt", bounce_reason as "bounceReason",
       complained_at as "complainedAt"
     from notifications
     where id = any($1::uuid[]) or message_id = any($1::uuid[]) or correlation_id = any($2::text[])
       or (order_id is not null and order_id = any($1::uuid[]))
     order by created_at, id limit $3`,
    [ids, ids, max],
  )

export interface TracedLetter {
  readonly messageId: string
  readonly eventType: string
  readonly queue: QueueName
  readonly reason: string | null
  readonly redrives: number
  readonly sentAt: Date
}

/** Returns the recorded dead letters with these message ids, the oldest first, at most `max`. */
export const findTracedLetters = (
  sql: Sql,
  messageIds: readonly string[],
  max: number,
): Promise<TracedLetter[]> =>
  sql.query(
    `select message_id as "messageId", event_type as "eventType", queue, reason, redrives, sent_at as "sentAt"
     from dead_letters where message_id = any($1::text[]) order by sent_at, id limit $2`,
    [messageIds, max],
  )
