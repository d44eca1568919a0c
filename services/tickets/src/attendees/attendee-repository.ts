import type { Attendee, EventId, UserId } from '@boxoffice/contracts'
import type { Sql } from '@boxoffice/service-kit'

type Nullable<T> = { [K in keyof T]-?: undefined extends T[K] ? Exclude<T[K], undefined> | null : T[K] }
/** An attendee as stored, with null for what is absent. */
export type StoredAttendee = Nullable<Attendee>

/** Where a page begins: after this ticket. */
export interface AttendeePosition {
  readonly createdAt: Date
  readonly ticketId: string
}

/**
 * Returns the holders of an event's tickets, used and cancelled ones included, in order of sale; tickets that
 * were transferred away are left out.
 */
export const listAttendees = (
  sql: Sql,
  eventId: EventId,
  limit: number,
  after: AttendeePosition | null,
): Promise<StoredAttendee[]> =>
  sql.query<StoredAttendee>(
    `select t.ticket_id as "ticketId", t.ticket_number as "ticketNumber", t.order_id as "orderId",
       t.holder_name as "holderName", y.name as "ticketTypeName", t.status, t.created_at as "createdAt",
       case when t.zone_id is not null
         then jsonb_build_object('zoneId', t.zone_id, 'rowLabel', t.row_label,
           'colLabel', t.col_label) end as seat,
       z.name as section, c.checked_in_at as "checkedInAt", c.gate,
       case when t.status = 'ACTIVE' then t.stopped_at end as "stoppedAt",
       case when t.status = 'ACTIVE' then t.stop_reason end as "stopReason",
       case when t.status = 'ACTIVE' then t.stop_note end as "stopNote"
     from tickets t
       join ticket_types y using (ticket_type_id)
       left join seating_zones z on z.event_id = t.event_id and z.zone_id = t.zone_id
       left join check_ins c on c.ticket_id = t.ticket_id
     where t.event_id = $1 and t.status <> 'TRANSFERRED'
       and ($3::timestamptz is null or (t.created_at, t.ticket_id) > ($3, $4::uuid))
     order by t.created_at, t.ticket_id limit $2`,
    [eventId, limit, after?.createdAt ?? null, after?.ticketId ?? null],
  )

/** Counts the tickets of an event that are valid or were used. */
export async function countTickets(sql: Sql, eventId: EventId): Promise<number> {
  const [row] = await sql.query<{ count: number }>(
    `select count(*)::int as count from tickets where event_id = $1 and status in ('ACTIVE', 'CHECKED_IN')`,
    [eventId],
  )
  return row?.count ?? 0
}

/** A user and the number of an event's tickets that they hold. */
export interface Holder {
  readonly userId: UserId
  readonly ticketCount: number
}

/**
 * Returns the users to notify of a change to an event: holders of valid tickets and, if the event was
 * cancelled, of tickets cancelled since or because of that. By user id, after `afterUserId`.
 */
export const listHolders = (
  sql: Sql,
  eventId: EventId,
  limit: number,
  afterUserId: string | null,
): Promise<Holder[]> =>
  sql.query<Holder>(
    `select t.user_id as "userId", count(*)::int as "ticketCount"
     from tickets t join event_pictures p using (event_id)
     where t.event_id = $1 and ($3::uuid is null or t.user_id > $3)
       and (t.status in ('ACTIVE', 'CHECKED_IN')
         -- The refunds may be faster than our hearing of the cancellation.
         or (t.status = 'CANCELLED'
           and (t.cancellation_reason = 'EVENT_CANCELLED' or t.cancelled_at >= p.cancelled_at)))
     group by t.user_id order by t.user_id limit $2`,
    [eventId, limit, afterUserId],
  )

/** Counts the valid tickets of an event that a user holds, and how many of them are stopped. */
export async function countHeld(
  sql: Sql,
  eventId: EventId,
  userId: UserId,
): Promise<{ ticketCount: number; stoppedCount: number }> {
  const [counts = { ticketCount: 0, stoppedCount: 0 }] = await sql.query<{
    ticketCount: number
    stoppedCount: number
  }>(
    `select count(*)::int as "ticketCount", count(stopped_at)::int as "stoppedCount" from tickets
     where user_id = $2 and event_id = $1 and status in ('ACTIVE', 'CHECKED_IN')`,
    [eventId, userId],
  )
  return counts
}
