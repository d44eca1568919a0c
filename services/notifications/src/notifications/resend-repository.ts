import type { Caller, EventId, NotificationId, OrderId, UserId } from '@boxoffice/contracts'
import type { Db } from '../database.ts'
import type { Prisma } from '../generated/prisma/client.ts'
import type { NewNotification } from './notification.ts'
import { workingTitles } from './payloads.ts'

const select = {
  id: true,
  type: true,
  channel: true,
  status: true,
  recipientId: true,
  orderId: true,
  eventId: true,
  payload: true,
  urgent: true,
  priority: true,
  resendOf: true,
  requestedBy: true,
  createdAt: true,
} satisfies Prisma.NotificationSelect

/** A stored notification, as far as another one can repeat it. */
export type StoredNotification = NonNullable<Awaited<ReturnType<typeof findNotification>>>

export async function findNotification(db: Db, notificationId: NotificationId) {
  const row = await db.prisma.notification.findUnique({ where: { id: notificationId }, select })
  return row && storedOf(row)
}

/** Finds the first confirmation of an order to its buyer; null if its tickets are not issued yet. */
export async function findConfirmation(
  db: Db,
  orderId: OrderId,
  recipientId: UserId,
): Promise<StoredNotification | null> {
  const row = await db.prisma.notification.findFirst({
    where: {
      orderId,
      recipientId,
      type: 'ORDER_CONFIRMATION',
      channel: 'EMAIL',
      resendOf: null,
      template: null,
    },
    orderBy: { createdAt: 'asc' },
    select,
  })
  return row && storedOf(row)
}

const storedOf = ({ id, ...row }: Prisma.NotificationGetPayload<{ select: typeof select }>) => ({
  ...row,
  notificationId: id as NotificationId,
  recipientId: row.recipientId as UserId | null,
  orderId: row.orderId as OrderId | null,
  eventId: row.eventId as EventId | null,
  resendOf: row.resendOf as NotificationId | null,
  requestedBy: row.requestedBy as Caller | null,
})

/** Returns a new notification that repeats a stored one, or the one that this repeats. */
export function repeated(
  { status: _, requestedBy: __, orderId, eventId, resendOf, ...original }: StoredNotification,
  about: { notificationId: NotificationId; correlationId: string; createdAt: Date },
): NewNotification {
  return {
    ...original,
    ...about,
    messageId: about.notificationId,
    ...(orderId && { orderId }),
    ...(eventId && { eventId }),
    subject: workingTitles[original.type],
    resendOf: resendOf ?? original.notificationId,
  }
}

export async function lockConfirmation(db: Db, notificationId: NotificationId): Promise<void> {
  await db.prisma.$queryRaw`select 1 from notifications where id = ${notificationId}::uuid for update`
}

/** Lists the resends of a confirmation since a moment, the oldest first. */
export async function listResends(db: Db, resendOf: NotificationId, since: Date) {
  const rows = await db.prisma.notification.findMany({
    where: { resendOf, createdAt: { gt: since } },
    orderBy: { createdAt: 'asc' },
    select: { id: true, createdAt: true },
  })
  return rows.map(({ id, createdAt }) => ({ notificationId: id as NotificationId, createdAt }))
}
