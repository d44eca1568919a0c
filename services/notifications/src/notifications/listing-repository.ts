import type { ListedNotification, NotificationType, OperatorStatus, OrderId } from '@boxoffice/contracts'
import type { Sql } from '@boxoffice/service-kit'
import { failureOf } from './failure.ts'

/** Which notifications operators ask for. */
export interface ListFilter {
  orderId?: OrderId | undefined
  status?: OperatorStatus | undefined
  type?: NotificationType | undefined
  since?: Date | undefined
}

/** SQL: which notifications have a status. Written out as in the partial indexes. */
const hasStatus: Readonly<Record<OperatorStatus, string>> = {
  PENDING: `status = 'PENDING'`,
  SENDING: `status = 'SENDING'`,
  SENT: `status = 'SENT' and bounced_at is null`,
  BOUNCED: 'bounced_at is not null',
  FAILED: `status = 'FAILED'`,
  CANCELLED: `status = 'CANCELLED'`,
}

type Nullable<T> = { [K in keyof T]-?: T[K] | null }
type Row = Omit<
  ListedNotification,
  'failure' | 'nextAttemptAt' | 'sentAt' | 'orderId' | 'eventId' | 'resendOf'
> &
  Nullable<Pick<ListedNotification, 'nextAttemptAt' | 'sentAt' | 'orderId' | 'eventId' | 'resendOf'>> & {
    reason: string | null
  }

/** Lists notifications, the newest first, starting after `after`; one more than the limit. */
export async function listNotifications(
  sql: Sql,
  { orderId, status, type, since }: ListFilter,
  { limit, after }: { limit: number; after: { at: Date; id: string } | null },
): Promise<ListedNotification[]> {
  const conditions = ['true']
  const values: unknown[] = [limit + 1]
  if (status) conditions.push(hasStatus[status])
  if (orderId) conditions.push(`order_id = $${values.push(orderId)}::uuid`)
  if (type) conditions.push(`type = $${values.push(type)}::notification_type`)
  if (since) conditions.push(`created_at >= $${values.push(since)}::timestamptz`)
  if (after)
    conditions.push(
      `(created_at, id) < ($${values.push(after.at)}::timestamptz, $${values.push(after.id)}::uuid)`,
    )
  const rows = await sql.query<Row>(
    `select id as "notificationId", type::text as type, channel::text as channel,
       case when bounced_at is null then status::text else 'BOUNCED' end as status, attempts,
       created_at as "createdAt",
       case when status in ('PENDING', 'SENDING') then next_attempt_at end as "nextAttemptAt",
       sent_at as "sentAt", coalesce(bounce_reason, failure_reason) as reason, order_id as "orderId",
       event_id as "eventId", resend_of as "resendOf"
     from notifications where ${conditions.join(' and ')} order by created_at desc, id desc limit $1::int`,
    values,
  )
  return rows.map(listedOf)
}

const listedOf = ({ nextAttemptAt, sentAt, reason, orderId, eventId, resendOf, ...row }: Row) => ({
  ...row,
  ...(nextAttemptAt && { nextAttemptAt }),
  ...(sentAt && { sentAt }),
  ...(reason && { failure: failureOf(reason) }),
  ...(orderId && { orderId }),
  ...(eventId && { eventId }),
  ...(resendOf && { resendOf }),
})
