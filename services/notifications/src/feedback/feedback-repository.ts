import type { BounceReason, DelayReason, NotificationId } from '@boxoffice/contracts'
import type { Db } from '../database.ts'
import type { NotificationStatus } from '../generated/prisma/client.ts'
import type { LeasedNotification } from '../notifications/notification.ts'

/** A mail of ours that feedback is about. */
export interface ReportedMail
  extends Pick<
    LeasedNotification,
    | 'notificationId'
    | 'type'
    | 'channel'
    | 'recipientId'
    | 'template'
    | 'resendOf'
    | 'requestedBy'
    | 'notifyResult'
    | 'payload'
    | 'attempts'
    | 'correlationId'
  > {
  status: NotificationStatus
  subject: string
}

/**
 * Locks and returns the mail that feedback is about; null if it is not ours. Its tag finds it before its
 * sending is recorded.
 */
export async function lockMail(
  db: Db,
  { notificationId, providerMessageId }: { notificationId?: NotificationId; providerMessageId: string },
): Promise<ReportedMail | null> {
  const [mail] = await db.prisma.$queryRaw<ReportedMail[]>`
    select id as "notificationId", type::text as type, channel::text as channel, resend_of as "resendOf",
      payload, attempts, correlation_id as "correlationId", status::text as status, subject,
      recipient_id as "recipientId", template, requested_by as "requestedBy", notify_result as "notifyResult"
    from notifications
    where channel = 'EMAIL' and (id = ${notificationId ?? null}::uuid
      or provider_message_id = ${providerMessageId})
    limit 1 for update`
  return mail ?? null
}

/** Records a bounce; false if it is known, or if the mail was never sent. */
export async function markBounced(
  db: Db,
  id: NotificationId,
  { at, reason }: { at: Date; reason: BounceReason },
): Promise<boolean> {
  const { count } = await db.prisma.notification.updateMany({
    where: { id, status: 'SENT', bouncedAt: null },
    data: { bouncedAt: at, bounceReason: reason },
  })
  return count === 1
}

export async function markDelayed(
  db: Db,
  id: NotificationId,
  { at, reason }: { at: Date; reason: DelayReason },
): Promise<void> {
  await db.prisma.notification.update({
    where: { id },
    data: { delayedAt: at, delayReason: reason },
    select: { id: true },
  })
}

export async function markComplained(db: Db, id: NotificationId, at: Date): Promise<void> {
  await db.prisma.notification.update({ where: { id }, data: { complainedAt: at }, select: { id: true } })
}
