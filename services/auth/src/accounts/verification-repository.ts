import type { UserId } from '@boxoffice/contracts'
import type { PrismaTx } from '../transaction.ts'
import { hashToken } from './mailed-token.ts'

/** Keep a token that goes out by mail: its hash. */
export async function insertVerification(
  tx: PrismaTx,
  verification: { token: string; userId: UserId; createdAt: Date; expiresAt: Date },
): Promise<void> {
  const { token, ...row } = verification
  await tx.emailVerification.create({ data: { ...row, tokenHash: hashToken(token) } })
}

/** When the account's tokens were made since then, the newest first. */
export async function listVerificationTimes(tx: PrismaTx, userId: UserId, since: Date): Promise<Date[]> {
  const where = { userId, createdAt: { gt: since } }
  const rows = await tx.emailVerification.findMany({ where, select: { createdAt: true }, orderBy: { createdAt: 'desc' } })
  return rows.map(({ createdAt }) => createdAt)
}

/** Whose token this is, until when it counts, and whether it was used; null for one that is not ours. */
export async function findVerification(
  tx: PrismaTx,
  token: string,
): Promise<{ userId: UserId; expiresAt: Date; used: boolean } | null> {
  const row = await tx.emailVerification.findUnique({ where: { tokenHash: hashToken(token) } })
  return row && { userId: row.userId as UserId, expiresAt: row.expiresAt, used: row.usedAt !== null }
}

/** Use up every token of a locked user. */
export async function useVerifications(tx: PrismaTx, userId: UserId, usedAt: Date): Promise<void> {
  await tx.emailVerification.updateMany({ where: { userId, usedAt: null }, data: { usedAt } })
}

/** Delete up to `limit` tokens that expired before; how many. */
export async function deleteExpiredVerifications(tx: PrismaTx, before: Date, limit: number): Promise<number> {
  const { count } = await tx.emailVerification.deleteMany({ where: { expiresAt: { lt: before } }, limit })
  return count
}
