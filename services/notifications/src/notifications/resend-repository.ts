import type { NotificationId, OrderId, UserId } from '@boxoffice/contracts'
import type { Db } from '../database.ts'

/** The stored confirmation of an order. */
export interface StoredConfirmation {
  notificationId: NotificationId
  payload: unknown
}

/** Finds the first confirmation of an order to its buyer; null if its tickets are not issued yet. */
export async function findConfirmation(
  db: Db,
  orderId: OrderId,
  recipientId: UserId,
): Promise<StoredConfirmation | null> {
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
    select: { id: true, payload: true },
  })
  return row && { notificationId: row.id as NotificationId, payload: row.payload }
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
