import type { EventId } from '@boxoffice/contracts'
import type { Sql, Tx } from '@boxoffice/service-kit'
import type { Reminder } from './reminder.ts'

/**
 * Schedules an event's reminder. A due one for the same date stays. Holders who were reminded of a date are
 * reminded again if the event moves by a lead time or more; smaller moves have their own mail.
 */
export async function scheduleReminder(
  tx: Tx,
  { eventId, version, eventDate, isOn, dueAt, leadMs }: Reminder,
): Promise<void> {
  await tx.query(
    `insert into event_reminders as r (event_id, version, event_date, due_at) values ($1::uuid, $2, $3, $4)
     on conflict (event_id) do update set version = excluded.version, event_date = excluded.event_date,
       attempts = 0, lease = null,
       leased_until = null,
       due_at = case
         when not $5::boolean then null
         when r.due_at is not null and r.event_date = excluded.event_date then r.due_at
         when excluded.event_date < r.reminded_for + $6 * interval '1 millisecond' then null
         else excluded.due_at end
     where r.version < excluded.version`,
    [eventId, version, eventDate, dueAt, isOn, leadMs],
  )
}

/** A reminder leased by this process until its lease expires. */
export interface LeasedReminder {
  eventId: EventId
  attempts: number
  lease: string
}

/** Leases up to `limit` due reminders. */
export const leaseReminders = (
  sql: Sql,
  { lease, limit, leaseMs }: { lease: string; limit: number; leaseMs: number },
): Promise<LeasedReminder[]> =>
  sql.query<LeasedReminder>(
    `with due as (
      select event_id from event_reminders
      where due_at <= clock_timestamp() and (leased_until is null or leased_until < clock_timestamp())
      order by due_at limit $1 for update skip locked)
    update event_reminders r set attempts = attempts + 1, lease = $2::uuid,
      leased_until = clock_timestamp() + $3 * interval '1 millisecond'
    from due where r.event_id = due.event_id
    returning r.event_id as "eventId", r.attempts, r.lease`,
    [limit, lease, leaseMs],
  )

/**
 * Completes a reminder under our lease. `dueAt`: when it is due again, null for never; `remindedFor`: the
 * date that holders were reminded of.
 */
export async function completeReminder(
  tx: Tx,
  { eventId, lease }: LeasedReminder,
  { dueAt, remindedFor }: { dueAt: Date | null; remindedFor: Date | null },
): Promise<boolean> {
  const rows = await tx.query(
    `update event_reminders set due_at = $3, reminded_for = coalesce($4, reminded_for), lease = null,
       leased_until = null,
       attempts = 0
     where event_id = $1::uuid and lease = $2::uuid returning event_id`,
    [eventId, lease, dueAt, remindedFor],
  )
  return rows.length === 1
}

/** Delays the retry of our leased reminder by `waitMs`. */
export async function putOffReminder(
  sql: Sql,
  { eventId, lease }: LeasedReminder,
  waitMs: number,
): Promise<void> {
  await sql.query(
    `update event_reminders set leased_until = clock_timestamp() + $3 * interval '1 millisecond'
     where event_id = $1::uuid and lease = $2::uuid`,
    [eventId, lease, waitMs],
  )
}
