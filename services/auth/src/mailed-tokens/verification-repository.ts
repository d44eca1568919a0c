import type { UserId } from '@boxoffice/contracts'
import type { Db, Tx } from '../database.ts'
import { hashToken } from './mailed-token.ts'

/** Stores the hash of a mailed token. */
export async function insertVerification(
  db: Db,
  verification: { token: string; userId: UserId; createdAt: Date; expiresAt: Date },
): Promise<void> {
  const { token, ...row } = verification
  await db.prisma.emailVerification.create({ data: { ...row, tokenHash: hashToken(token) } })
}

/** Lists when the account's tokens were made since then, the latest first. */
export async function listVerificationTimes(tx: Tx, userId: UserId, since: Date): Promise<Date[]> {
  const where = { userId, createdAt: { gt: since } }
  const rows = await tx.prisma.emailVerification.findMany({
    where,
    select: { createdAt: true },
    orderBy: { createdAt: 'desc' },
  })
  return rows.map(({ createdAt }) => createdAt)
}

/** Finds the user and expiry of a token, and whether it was used; null if it is unknown. */
export async function findVerification(
  db: Db,
  token: string,
): Promise<{ userId: UserId; expiresAt: Date; used: boolean } | null> {
  const row = await db.prisma.emailVerification.findUnique({ where: { tokenHash: hashToken(token) } })
  return row && { userId: row.userId as UserId, expiresAt: row.expiresAt, used: row.usedAt !== null }
}

/** Uses up all tokens of a locked user. */
export async function useVerifications(tx: Tx, userId: UserId, usedAt: Date): Promise<void> {
  await tx.prisma.emailVerification.updateMany({ where: { userId, usedAt: null }, data: { usedAt } })
}

/** Deletes up to `limit` tokens that expired before and returns their number. */
export async function deleteExpiredVerifications(db: Db, before: Date, limit: number): Promise<number> {
  const { count } = await db.prisma.emailVerification.deleteMany({
    where: { expiresAt: { lt: before } },
    limit,
  })
  return count
}
