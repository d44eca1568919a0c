import type { UserId } from '@boxoffice/contracts'
import type { Db, Tx } from '../database.ts'
import { hashToken } from './mailed-token.ts'

/** Stores the hash of a token that sets a password. Earlier ones stay valid. */
export async function insertReset(
  db: Db,
  reset: { token: string; userId: UserId; createdAt: Date; expiresAt: Date },
): Promise<void> {
  const { token, ...row } = reset
  await db.prisma.passwordReset.create({ data: { ...row, tokenHash: hashToken(token) } })
}

/** Lists when the account's tokens were made since then, the latest first. */
export async function listResetTimes(tx: Tx, userId: UserId, since: Date): Promise<Date[]> {
  const where = { userId, createdAt: { gt: since } }
  const rows = await tx.prisma.passwordReset.findMany({
    where,
    select: { createdAt: true },
    orderBy: { createdAt: 'desc' },
  })
  return rows.map(({ createdAt }) => createdAt)
}

/** Finds the user and expiry of a token; null if it is unknown, or a token of the account was used since. */
export async function findReset(db: Db, token: string): Promise<{ userId: UserId; expiresAt: Date } | null> {
  const row = await db.prisma.passwordReset.findUnique({
    where: { tokenHash: hashToken(token), usedAt: null },
  })
  return row && { userId: row.userId as UserId, expiresAt: row.expiresAt }
}

/** Uses up a token of a locked user and all others of that user. Returns whether it was valid. */
export async function useReset(tx: Tx, userId: UserId, token: string, usedAt: Date): Promise<boolean> {
  const where = { userId, usedAt: null, expiresAt: { gt: usedAt } }
  const { count } = await tx.prisma.passwordReset.updateMany({
    where: { ...where, tokenHash: hashToken(token) },
    data: { usedAt },
  })
  if (count === 1)
    await tx.prisma.passwordReset.updateMany({ where: { userId, usedAt: null }, data: { usedAt } })
  return count === 1
}

/** Uses up all tokens of a locked user. */
export async function useResets(tx: Tx, userId: UserId, usedAt: Date): Promise<void> {
  await tx.prisma.passwordReset.updateMany({ where: { userId, usedAt: null }, data: { usedAt } })
}

/** Deletes up to `limit` tokens that expired before and returns their number. */
export async function deleteExpiredResets(db: Db, before: Date, limit: number): Promise<number> {
  const { count } = await db.prisma.passwordReset.deleteMany({ where: { expiresAt: { lt: before } }, limit })
  return count
}
