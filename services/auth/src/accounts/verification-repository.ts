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

/**
 * Use a token up: whose it is, and whether it was used before, or that it has expired. null for a token that is not ours.
 * Of two at the same moment the second waits for the first and finds it used.
 */
export async function useVerification(
  tx: PrismaTx,
  token: string,
  usedAt: Date,
): Promise<{ userId: UserId; usedBefore: boolean } | 'EXPIRED' | null> {
  const tokenHash = hashToken(token)
  const { count } = await tx.emailVerification.updateMany({
    where: { tokenHash, usedAt: null, expiresAt: { gt: usedAt } },
    data: { usedAt },
  })
  const found = await tx.emailVerification.findUnique({ where: { tokenHash } })
  if (found && found.expiresAt <= usedAt) return 'EXPIRED'
  return found && { userId: found.userId as UserId, usedBefore: count === 0 }
}

/** Delete up to `limit` tokens that expired before; how many. */
export async function deleteExpiredVerifications(tx: PrismaTx, before: Date, limit: number): Promise<number> {
  const { count } = await tx.emailVerification.deleteMany({ where: { expiresAt: { lt: before } }, limit })
  return count
}
