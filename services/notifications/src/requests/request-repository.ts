import type { Caller, NotificationId } from '@boxoffice/contracts'
import type { Sql } from '@boxoffice/service-kit'
import type { Db } from '../database.ts'
import { terminalColumns } from '../notifications/notification-repository.ts'

/** Finds requested notifications by their ids. */
export async function findRequested(db: Db, notificationIds: readonly NotificationId[]) {
  const rows = await db.prisma.notification.findMany({
    where: { id: { in: [...notificationIds] } },
    select: { id: true, type: true, channel: true, recipientId: true, requestHash: true },
  })
  return new Map(rows.map((row) => [row.id as NotificationId, row]))
}
export type Requested = Awaited<ReturnType<typeof findRequested>> extends Map<string, infer Row> ? Row : never

/**
 * Finds a notification that this service requested; null if there is none, or another service requested it.
 */
export const findOwnRequest = (db: Db, id: NotificationId, requestedBy: Caller) =>
  db.prisma.notification.findFirst({ where: { id, requestedBy }, omit: { payload: true } })

/** The failure reason of a request that its service cancelled. */
export const CANCELLED_BY_ASKER = 'CANCELLED_BY_ASKER'

/** PENDING → CANCELLED. Returns false if it is not PENDING any more: it was tried or cancelled before. */
export async function cancelPending(
  sql: Sql,
  notificationId: NotificationId,
  requestedBy: Caller,
): Promise<boolean> {
  const rows = await sql.query(
    `update notifications n set status = 'CANCELLED', ${terminalColumns}, failure_reason = $3
     where id = $1::uuid and requested_by = $2 and status = 'PENDING' returning id`,
    [notificationId, requestedBy, CANCELLED_BY_ASKER],
  )
  return rows.length === 1
}
