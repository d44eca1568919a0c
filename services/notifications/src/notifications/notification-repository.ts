import type { NotificationId, SuppressionCause } from '@boxoffice/contracts'
import { currentTraceparent, type Sql, type Tx } from '@boxoffice/service-kit'
import { type Choices, choicesOf, quietHoursOf } from '../preferences/preference-repository.ts'
import { isSuppressed } from '../suppressions/suppression-repository.ts'
import { accountTypes } from './account-types.ts'
import type { LeasedNotification, NewNotification } from './notification.ts'

/**
 * Inserts notifications with their traces, one per message, type, channel and recipient; existing rows stay
 * unchanged. Returns the ids of the new rows.
 */
export async function insertNotifications(
  sql: Sql,
  notifications: readonly NewNotification[],
): Promise<ReadonlySet<string>> {
  if (notifications.length === 0) return new Set()
  const traceparent = currentTraceparent()
  const rows = await sql.query<{ id: string }>(
    `insert into notifications (id, message_id, type, channel, recipient_id, order_id, event_id, payload,
       subject, correlation_id, next_attempt_at, created_at, address, own_subject, urgent, resend_of,
       request_hash, traceparent, priority, template, requested_by,
       notify_result)
     select n."notificationId", n."messageId", n.type::notification_type, n.channel::notification_channel,
       n."recipientId", n."orderId", n."eventId", n.payload, n.subject, n."correlationId",
       coalesce(n."nextAttemptAt", clock_timestamp()), n."createdAt", n.address, n."ownSubject", n.urgent,
       n."resendOf", n."requestHash", n.traceparent, n.priority::notification_priority, n.template,
       n."requestedBy", coalesce(n."notifyResult", false)
     from jsonb_to_recordset($1::jsonb) n("notificationId" uuid, "messageId" uuid, type text, channel text,
       "recipientId" uuid,
       "orderId" uuid, "eventId" uuid, payload jsonb, subject text, "correlationId" text,
       "nextAttemptAt" timestamptz,
       "createdAt" timestamptz, address text, "ownSubject" text, urgent boolean, "resendOf" uuid,
       "requestHash" text, traceparent text,
       priority text, template text, "requestedBy" text, "notifyResult" boolean)
     order by n."messageId"
     on conflict do nothing returning id`,
    [JSON.stringify(notifications.map((notification) => ({ traceparent, ...notification })))],
  )
  return new Set(rows.map(({ id }) => id))
}

export type Held = Pick<LeasedNotification, 'notificationId' | 'lease'>

/** What decides, right before sending, whether a notification is sent. */
export interface Readiness extends Choices {
  readonly mayHaveContact: boolean
  /** Why its address is suppressed. */
  readonly causes: readonly SuppressionCause[]
  /**
   * How many notifications its recipient was sent by this channel in the last 24 hours, except account mails,
   * up to `unprovenMax`; 0 if the address is confirmed.
   */
  readonly sentToUnproven: number
}

/**
 * A lease to extend. `addressHash` null: it goes to no mail address. `unproven`: its address is not
 * confirmed.
 */
export interface Renewal extends Held {
  readonly addressHash: string | null
  readonly unproven: boolean
}

/** SQL: whether the order of `n` may have its own address; the payment service knows it. */
export const mayHaveContact = `exists (select from notifications c
    where c.order_id = n.order_id and c.type = 'ORDER_CONTACT_REQUESTED')`

/**
 * Extends our leases to their full length and reads recipients and addresses; null for a lease that another
 * process has.
 */
export async function renewLeases(
  sql: Sql,
  renewals: readonly Renewal[],
  { leaseMs, unprovenMax }: { leaseMs: number; unprovenMax: number },
): Promise<(Readiness | null)[]> {
  const rows = await sql.query<Readiness & Pick<Held, 'notificationId'>>(
    `update notifications n set leased_until = clock_timestamp() + $4 * interval '1 millisecond'
     from unnest($1::uuid[], $2::uuid[], $3::text[], $5::boolean[]) r(id, lease, address_hash, unproven)
     where n.id = r.id and n.lease = r.lease and n.status = 'SENDING'
     returning n.id as "notificationId", ${mayHaveContact} as "mayHaveContact",
       ${choicesOf('n.recipient_id')} as choices, ${quietHoursOf('n.recipient_id')} as "quietHours",
       array(select s.cause from mail_suppressions s where s.address_hash = r.address_hash
         and ${isSuppressed}) as causes,
       case when r.unproven then (select count(*)::int from (
         select from notifications o where o.recipient_id = n.recipient_id and o.status = 'SENT'
           and o.channel = n.channel
           and o.type <> all($7::notification_type[])
           and o.sent_at > clock_timestamp() - interval '24 hours' limit $6) lately)
           else 0 end as "sentToUnproven"`,
    [
      renewals.map(({ notificationId }) => notificationId),
      renewals.map(({ lease }) => lease),
      renewals.map(({ addressHash }) => addressHash),
      leaseMs,
      renewals.map(({ unproven }) => unproven),
      unprovenMax,
      accountTypes,
    ],
  )
  const renewed = new Map(rows.map(({ notificationId, ...readiness }) => [notificationId, readiness]))
  return renewals.map(({ notificationId }) => renewed.get(notificationId) ?? null)
}

/** Releases our lease; the notification is due again after `waitMs`. */
export async function postpone(sql: Sql, { notificationId, lease }: Held, waitMs: number): Promise<void> {
  await sql.query(
    `update notifications set lease = null, leased_until = null,
       next_attempt_at = clock_timestamp() + $3 * interval '1 millisecond'
     where id = $1::uuid and lease = $2::uuid and status = 'SENDING'`,
    [notificationId, lease, waitMs],
  )
}

/** Releases our lease and moves the notification to the bulk lane, due now. */
export async function moveToBulk(sql: Sql, { notificationId, lease }: Held): Promise<void> {
  await sql.query(
    `update notifications set bulk = true, lease = null, leased_until = null,
       next_attempt_at = clock_timestamp()
     where id = $1::uuid and lease = $2::uuid and status = 'SENDING'`,
    [notificationId, lease],
  )
}

/** Deletes an obsolete notification under our lease; it disappears from its recipient's log. */
export async function withdraw(sql: Sql, { notificationId, lease }: Held): Promise<boolean> {
  const withdrawn = await sql.query(
    `delete from notifications where id = $1::uuid and lease = $2::uuid and status = 'SENDING' returning id`,
    [notificationId, lease],
  )
  return withdrawn.length === 1
}

/** A sent notification, and the id that its provider gave it. */
export interface Sent {
  readonly notificationId: NotificationId
  readonly subject: string
  readonly providerMessageId: string
  readonly sentAt: Date
}

/**
 * SQL: the columns of a row in a terminal state. Deletes secrets of the payload, all of what another service
 * sent, and the address.
 */
export const terminalColumns = `payload = case when n.template is null
    then n.payload - 'sealedToken' else '{}' end, lease = null,
  leased_until = null, address = null, pushed = null`

/**
 * SENDING → SENT, whichever process has the lease, because it is out. Returns the ids of rows that were not
 * in a terminal state.
 */
export async function markSent(tx: Tx, sent: readonly Sent[]): Promise<Set<NotificationId>> {
  const rows = await tx.query<Pick<Sent, 'notificationId'>>(
    `update notifications n set status = 'SENT', ${terminalColumns}, subject = s.subject,
       provider_message_id = s.provider_message_id,
       sent_at = s.sent_at
     from unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[]) s(id, subject, provider_message_id,
       sent_at)
     where n.id = s.id and n.status = 'SENDING' returning n.id as "notificationId"`,
    [
      sent.map(({ notificationId }) => notificationId),
      sent.map(({ subject }) => subject),
      sent.map(({ providerMessageId }) => providerMessageId),
      sent.map(({ sentAt }) => sentAt),
    ],
  )
  return new Set(rows.map(({ notificationId }) => notificationId))
}

/** SENDING → FAILED, under our lease alone. Returns false if the row was in a terminal state. */
export async function markFailedForGood(
  tx: Tx,
  { notificationId, lease }: Held,
  failureReason: string,
): Promise<boolean> {
  const rows = await tx.query(
    `update notifications n set status = 'FAILED', ${terminalColumns}, failure_reason = $3
     where n.id = $1::uuid and n.lease = $2::uuid and n.status = 'SENDING' returning n.id`,
    [notificationId, lease, failureReason],
  )
  return rows.length === 1
}

/** SENDING → CANCELLED, under our lease: it is obsolete, and the requesting service can look up why. */
export async function markCancelled(
  tx: Tx,
  { notificationId, lease }: Held,
  reason: string,
): Promise<boolean> {
  const rows = await tx.query(
    `update notifications n set status = 'CANCELLED', ${terminalColumns}, failure_reason = $3
     where id = $1::uuid and lease = $2::uuid and status = 'SENDING' returning id`,
    [notificationId, lease, reason],
  )
  return rows.length === 1
}
