import type { NotificationId } from '@boxoffice/contracts'
import { currentTraceparent } from '@boxoffice/service-kit'
import type { Prisma, PrismaClient } from '../generated/prisma/client.ts'
import type { LeasedNotification, NewNotification } from './notification.ts'

/** Prisma, or a transaction of it. */
export type Db = PrismaClient | Prisma.TransactionClient

/** One row a message, type, channel and recipient, with the present trace: what stands there already stays as it is. How many are new. */
export async function insertNotifications(db: Db, notifications: readonly NewNotification[]): Promise<number> {
  if (notifications.length === 0) return 0
  const traceparent = currentTraceparent()
  const data = notifications.map(({ notificationId: id, payload, ...rest }) => ({
    id,
    payload: payload as Prisma.InputJsonValue,
    ...rest,
    traceparent,
  }))
  const { count } = await db.notification.createMany({ data, skipDuplicates: true })
  return count
}

/**
 * Take up to `limit` notifications of a lane that are due: untried ones, ones to try again, ones whose process died. They are SENDING.
 */
export function leaseDue(
  db: Db,
  { lease, bulk, limit, leaseMs }: { lease: string; bulk: boolean; limit: number; leaseMs: number },
): Promise<LeasedNotification[]> {
  return db.$queryRaw<LeasedNotification[]>`
    with due as (
      select id from notifications
      where status in ('PENDING', 'SENDING') and bulk = ${bulk} and next_attempt_at <= clock_timestamp()
        and (leased_until is null or leased_until < clock_timestamp())
      order by next_attempt_at limit ${limit} for update skip locked)
    update notifications n set status = 'SENDING', attempts = attempts + 1,
      lease = ${lease}::uuid, leased_until = clock_timestamp() + ${leaseMs} * interval '1 millisecond'
    from due where n.id = due.id
    returning n.id as "notificationId", n.traceparent, n.type::text as type, n.channel::text as channel, n.recipient_id as "recipientId",
      n.address, n.own_subject as "ownSubject", n.resend_of as "resendOf", n.urgent, n.bulk, n.payload,
      n.correlation_id as "correlationId", n.created_at as "createdAt", n.attempts, n.lease`
}

type Held = Pick<LeasedNotification, 'notificationId' | 'lease'>

/** Extend our lease to its full length; false when it has gone to another. */
export async function renewLease(db: Db, { notificationId, lease }: Held, leaseMs: number): Promise<boolean> {
  const renewed = await db.$executeRaw`
    update notifications set leased_until = clock_timestamp() + ${leaseMs} * interval '1 millisecond'
    where id = ${notificationId}::uuid and lease = ${lease}::uuid and status = 'SENDING'`
  return renewed === 1
}

/** Give up our lease: it is due again after `waitMs`. */
export async function postpone(db: Db, { notificationId, lease }: Held, waitMs: number): Promise<void> {
  await db.$executeRaw`
    update notifications set lease = null, leased_until = null,
      next_attempt_at = clock_timestamp() + ${waitMs} * interval '1 millisecond'
    where id = ${notificationId}::uuid and lease = ${lease}::uuid and status = 'SENDING'`
}

/** Give up our lease: it is about so much that it waits for a place in the lane of what takes long, from now on. */
export async function moveToBulk(db: Db, { notificationId, lease }: Held): Promise<void> {
  await db.$executeRaw`
    update notifications set bulk = true, lease = null, leased_until = null, next_attempt_at = clock_timestamp()
    where id = ${notificationId}::uuid and lease = ${lease}::uuid and status = 'SENDING'`
}

/** Take back what nobody needs to know any more, under our lease: it is in nobody's log. */
export async function withdraw(db: Db, { notificationId, lease }: Held): Promise<boolean> {
  const { count } = await db.notification.deleteMany({ where: { id: notificationId, lease, status: 'SENDING' } })
  return count === 1
}

type Outcome =
  | { status: 'SENT'; subject: string; providerMessageId: string; sentAt: Date }
  | { status: 'FAILED'; failureReason: string }

/**
 * SENDING → SENT, whoever has the lease by now (it is out), or FAILED, under our lease alone. What was secret in the payload
 * goes, and where it was sent. False when there was nothing to settle any more.
 */
export async function settle(
  db: Db,
  { notificationId, payload, lease }: Pick<LeasedNotification, 'notificationId' | 'payload'> & { lease: string | null },
  outcome: Outcome,
): Promise<boolean> {
  const { sealedToken: _, ...kept } = payload as Record<string, unknown>
  const { count } = await db.notification.updateMany({
    where: { id: notificationId, status: 'SENDING', ...(outcome.status === 'FAILED' && { lease }) },
    data: { ...outcome, lease: null, leasedUntil: null, address: null, payload: kept as Prisma.InputJsonObject },
  })
  return count === 1
}

/** A notification that another service asked for, by its id. */
export const findRequested = (db: Db, notificationId: NotificationId) =>
  db.notification.findUnique({
    where: { id: notificationId },
    select: { type: true, channel: true, recipientId: true, requestHash: true },
  })
