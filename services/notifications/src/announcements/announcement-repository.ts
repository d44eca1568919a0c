import { currentTraceparent, type Sql } from '@boxoffice/service-kit'
import type { Db } from '../database.ts'
import type { Announcement } from './announcement.ts'

/** An announcement leased by this process until its lease expires. */
export interface LeasedAnnouncement extends Announcement {
  /** Cursor of the next page of holders; null: the first page. */
  position: string | null
  attempts: number
  lease: string
  traceparent: string | null
}
type Held = Pick<LeasedAnnouncement, 'announcementId' | 'lease'>

export async function insertAnnouncement(sql: Sql, announcement: Announcement): Promise<void> {
  const { announcementId, type, eventId, payload, correlationId, createdAt } = announcement
  await sql.query(
    `insert into announcements (id, type, event_id, payload, correlation_id, created_at, traceparent)
     values ($1::uuid, $2::text::notification_type, $3::uuid, $4::jsonb, $5, $6, $7) on conflict do nothing`,
    [announcementId, type, eventId, JSON.stringify(payload), correlationId, createdAt, currentTraceparent()],
  )
}

/**
 * Leases one due announcement, or returns null. Event updates go before reminders, of which many are due at
 * the same time.
 */
export async function leaseAnnouncement(
  db: Db,
  lease: string,
  leaseMs: number,
): Promise<LeasedAnnouncement | null> {
  const [leased] = await db.prisma.$queryRaw<LeasedAnnouncement[]>`
    with due as (
      select id from announcements
      where done_at is null and next_attempt_at <= clock_timestamp()
        and (leased_until is null or leased_until < clock_timestamp())
      order by (type = 'EVENT_REMINDER'), next_attempt_at limit 1 for update skip locked)
    update announcements a set attempts = attempts + 1,
      lease = ${lease}::uuid, leased_until = clock_timestamp() + ${leaseMs} * interval '1 millisecond'
    from due where a.id = due.id
    returning a.id as "announcementId", a.type::text as type, a.event_id as "eventId", a.payload,
      a.correlation_id as "correlationId", a.created_at as "createdAt", a.position, a.attempts,
      a.lease, a.traceparent`
  return leased ?? null
}

/**
 * Records that a page of `count` holders has its notifications, and extends the lease; `position` null marks
 * the announcement as done. Returns false if another process has the lease.
 */
export async function advance(
  db: Db,
  { announcementId, lease }: Held,
  { position, count, leaseMs }: { position: string | null; count: number; leaseMs: number },
): Promise<boolean> {
  const advanced =
    position === null
      ? await db.prisma.$executeRaw`
          update announcements set position = null, holders = holders + ${count}, done_at = clock_timestamp(),
            lease = null, leased_until = null
          where id = ${announcementId}::uuid and lease = ${lease}::uuid`
      : await db.prisma.$executeRaw`
          update announcements set position = ${position}, holders = holders + ${count}, attempts = 1,
            leased_until = clock_timestamp() + ${leaseMs} * interval '1 millisecond'
          where id = ${announcementId}::uuid and lease = ${lease}::uuid`
  return advanced === 1
}

/** Releases the lease; the announcement is due again after `waitMs`. */
export async function putOff(db: Db, { announcementId, lease }: Held, waitMs: number): Promise<void> {
  await db.prisma.$executeRaw`
    update announcements set lease = null, leased_until = null,
      next_attempt_at = clock_timestamp() + ${waitMs} * interval '1 millisecond'
    where id = ${announcementId}::uuid and lease = ${lease}::uuid`
}
