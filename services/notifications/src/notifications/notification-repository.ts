import type { EventId, Notification, NotificationId, OrderId, UserId } from '@boxoffice/contracts'
import type { Prisma, PrismaClient } from '../generated/prisma/client.ts'
import type { LeasedNotification, NewNotification } from './notification.ts'

/** Prisma, or a transaction of it. */
export type Db = PrismaClient | Prisma.TransactionClient

/** One row a message, type and recipient: what stands there already stays as it is. */
export async function insertNotification(db: Db, notification: NewNotification): Promise<void> {
  const { notificationId: id, payload, ...rest } = notification
  await db.notification.createMany({ data: [{ id, payload: payload as Prisma.InputJsonValue, ...rest }], skipDuplicates: true })
}

/** Take up to `limit` notifications that are due: untried ones, ones to try again, ones whose process died. They are SENDING. */
export function leaseDue(db: Db, lease: string, limit: number, leaseMs: number): Promise<LeasedNotification[]> {
  return db.$queryRaw<LeasedNotification[]>`
    with due as (
      select id from notifications
      where status in ('PENDING', 'SENDING') and next_attempt_at <= clock_timestamp()
        and (leased_until is null or leased_until < clock_timestamp())
      order by next_attempt_at limit ${limit} for update skip locked)
    update notifications n set status = 'SENDING', attempts = attempts + 1,
      lease = ${lease}::uuid, leased_until = clock_timestamp() + ${leaseMs} * interval '1 millisecond'
    from due where n.id = due.id
    returning n.id as "notificationId", n.type::text as type, n.recipient_id as "recipientId", n.payload,
      n.correlation_id as "correlationId", n.created_at as "createdAt", n.attempts, n.lease`
}

/** Extend our lease to its full length; false when it has gone to another. */
export async function renewLease(db: Db, { notificationId, lease }: LeasedNotification, leaseMs: number): Promise<boolean> {
  const renewed = await db.$executeRaw`
    update notifications set leased_until = clock_timestamp() + ${leaseMs} * interval '1 millisecond'
    where id = ${notificationId}::uuid and lease = ${lease}::uuid and status = 'SENDING'`
  return renewed === 1
}

/** Give up our lease: it is due again after `waitMs`. */
export async function postpone(db: Db, { notificationId, lease }: LeasedNotification, waitMs: number): Promise<void> {
  await db.$executeRaw`
    update notifications set lease = null, leased_until = null,
      next_attempt_at = clock_timestamp() + ${waitMs} * interval '1 millisecond'
    where id = ${notificationId}::uuid and lease = ${lease}::uuid and status = 'SENDING'`
}

type Outcome =
  | { status: 'SENT'; subject: string; providerMessageId: string; sentAt: Date }
  | { status: 'FAILED'; failureReason: string }

/**
 * SENDING → SENT, whoever has the lease by now (the mail is out), or FAILED, under our lease alone. What was secret in the payload
 * goes. False when there was nothing to settle any more.
 */
export async function settle(db: Db, { notificationId, payload, lease }: LeasedNotification, outcome: Outcome): Promise<boolean> {
  const { sealedToken: _, ...kept } = payload as Record<string, unknown>
  const { count } = await db.notification.updateMany({
    where: { id: notificationId, status: 'SENDING', ...(outcome.status === 'FAILED' && { lease }) },
    data: { ...outcome, lease: null, leasedUntil: null, payload: kept as Prisma.InputJsonObject },
  })
  return count === 1
}

export interface Position {
  at: Date
  id: string
}

/** A user's notifications, the newest first, from `after` on; one more than the limit. */
export async function listOfRecipient(
  db: Db,
  recipientId: UserId,
  limit: number,
  after: Position | null,
): Promise<Notification[]> {
  const rows = await db.notification.findMany({
    where: {
      recipientId,
      ...(after && { OR: [{ createdAt: { lt: after.at } }, { createdAt: after.at, id: { lt: after.id } }] }),
    },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    take: limit + 1,
    omit: { payload: true },
  })
  return rows.map(({ id, type, channel, subject, status, orderId, eventId, createdAt, sentAt }) => ({
    notificationId: id as NotificationId,
    type,
    channel,
    subject,
    status,
    ...(orderId && { orderId: orderId as OrderId }),
    ...(eventId && { eventId: eventId as EventId }),
    createdAt,
    ...(sentAt && { sentAt }),
  }))
}
