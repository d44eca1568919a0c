import type { UserId } from '@boxoffice/contracts'
import type { Db, Tx } from '../database.ts'
import { hashToken } from './mailed-token.ts'

/** Keep a token that goes out by mail: its hash. */
export async function insertVerification(
  db: Db,
  verification: { token: string; userId: UserId; createdAt: Date; expiresAt: Date },
): Promise<void> {
  const { token, ...row } = verification
  await db.prisma.emailVerification.create({ data: { ...row, tokenHash: hashToken(token) } })
}

/** When the account's tokens were made since then, the newest first. */
export async function listVerificationTimes(tx: Tx, userId: UserId, since: Date): Promise<Date[]> {
  const where = { userId, createdAt: { gt: since } }
  const rows = await tx.prisma.emailVerification.findMany({
    where,
    select: { createdAt: true },
    orderBy: { createdAt: 'desc' },
  })
  return rows.map(({ createdAt }) => createdAt)
}

/** Whose token this is, until when it counts, and whether it was used; null for one that is not ours. */
export async function findVerification(
  db: Db,
  token: string,
): Promise<{ userId: UserId; expiresAt: Date; used: boolean } | null> {
  const row = await db.prisma.emailVerification.findUnique({ where: { tokenHash: hashToken(token) } })
  return row && { userId: row.userId as UserId, expiresAt: row.expiresAt, used: row.usedAt !== null }
}

/** Use up every token of a locked user. */
export async function useVerifications(tx: Tx, userId: UserId, usedAt: Date): Promise<void> {
  await tx.prisma.emailVerification.updateMany({ where: { userId, usedAt: null }, data: { usedAt } })
}

/** Delete up to `limit` tokens that expired before; how many. */
export async function deleteExpiredVerifications(db: Db, before: Date, limit: number): Promise<number> {
  const { count } = await db.prisma.emailVerification.deleteMany({
    where: { expiresAt: { lt: before } },
    limit,
  })
  return count
}
