import type { EventId, Notification, NotificationId, OrderId, UserId } from '@boxoffice/contracts'
import type { Database, Db, Tx } from '../database.ts'
import type { Prisma, Notification as Row } from '../generated/prisma/client.ts'
import { failureOf } from './failure.ts'

export interface Position {
  at: Date
  id: string
}

/** Runs consistent reads, whatever is sent meanwhile. */
export const inOneSnapshot = <T>(db: Database, read: (tx: Tx) => Promise<T>): Promise<T> =>
  db.transact(read, { readOnlySnapshot: true })

/** Whether a notification is in its recipient's log: cancelled and future ones are not. */
const isShown = (now: Date) =>
  ({ status: { not: 'CANCELLED' }, createdAt: { lte: now } }) satisfies Prisma.NotificationWhereInput
const isUnread = { status: 'SENT', readAt: null } as const

/** Lists a user's notifications, the newest first, starting after `after`; one more than the limit. */
export async function listOfRecipient(
  db: Db,
  recipientId: UserId,
  { limit, after, unread, now }: { limit: number; after: Position | null; unread: boolean; now: Date },
): Promise<Notification[]> {
  const rows = await db.prisma.notification.findMany({
    where: {
      recipientId,
      ...isShown(now),
      ...(unread && isUnread),
      ...(after && { OR: [{ createdAt: { lt: after.at } }, { createdAt: after.at, id: { lt: after.id } }] }),
    },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    take: limit + 1,
    omit: { payload: true },
  })
  return rows.map(shownOf)
}

/** Counts the notifications sent to a user that are not marked as read. */
export const countUnread = (db: Db, recipientId: UserId): Promise<number> =>
  db.prisma.notification.count({ where: { recipientId, ...isUnread } })

/**
 * Marks a user's own notification as read and returns it; null if there is none. One that has not been sent
 * stays unread.
 */
export async function markRead(
  db: Db,
  recipientId: UserId,
  notificationId: NotificationId,
  readAt: Date,
): Promise<Notification | null> {
  const status = { in: ['SENT', 'FAILED'] } satisfies Prisma.NotificationWhereInput['status']
  await db.prisma.notification.updateMany({
    where: { id: notificationId, recipientId, readAt: null, status },
    data: { readAt },
  })
  const row = await db.prisma.notification.findFirst({
    where: { id: notificationId, recipientId, ...isShown(readAt) },
    omit: { payload: true },
  })
  return row && shownOf(row)
}

/** A log as its watchers see it. */
export interface Glimpse {
  unreadCount: number
  /** Sent since a moment, the oldest first. */
  sent: readonly Notification[]
}

/** Reads the logs of these users, with what was sent to them since. */
export async function glimpseLogs(
  db: Database,
  userIds: readonly UserId[],
  since: Date,
): Promise<ReadonlyMap<UserId, Glimpse>> {
  const recipientId = { in: [...userIds] }
  const { counts, sent } = await inOneSnapshot(db, async (tx) => ({
    counts: await tx.prisma.notification.groupBy({
      by: 'recipientId',
      where: { recipientId, ...isUnread },
      _count: true,
    }),
    sent: await tx.prisma.notification.findMany({
      where: { recipientId, status: 'SENT', sentAt: { gt: since } },
      orderBy: [{ sentAt: 'asc' }, { id: 'asc' }],
      omit: { payload: true },
    }),
  }))
  const unread = new Map(counts.map((row) => [row.recipientId, row._count]))
  const sentTo = Map.groupBy(sent, (row) => row.recipientId)
  return new Map(
    userIds.map((userId) => [
      userId,
      { unreadCount: unread.get(userId) ?? 0, sent: (sentTo.get(userId) ?? []).map((row) => shownOf(row)) },
    ]),
  )
}

function shownOf(row: Omit<Row, 'payload'>): Notification {
  const { id, type, channel, subject, status, orderId, eventId, createdAt, sentAt, readAt, bounceReason } =
    row
  if (status === 'CANCELLED') throw new Error(`notification ${id} is not in its recipient's log`)
  const reason = bounceReason ?? row.failureReason
  return {
    notificationId: id as NotificationId,
    type,
    channel,
    subject,
    status: bounceReason ? 'BOUNCED' : status,
    ...(orderId && { orderId: orderId as OrderId }),
    ...(eventId && { eventId: eventId as EventId }),
    createdAt,
    ...(sentAt && { sentAt }),
    ...(readAt && { readAt }),
    ...(reason && { failure: failureOf(reason) }),
  }
}
