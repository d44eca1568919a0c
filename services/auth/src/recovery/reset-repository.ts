import type { UserId } from '@boxoffice/contracts'
import { hashToken } from '../accounts/mailed-token.ts'
import type { PrismaTx } from '../transaction.ts'

/** Keep a token that sets a password: its hash. The account's earlier one ends. */
export async function replaceReset(
  tx: PrismaTx,
  reset: { token: string; userId: UserId; createdAt: Date; expiresAt: Date },
): Promise<void> {
  const { token, userId, createdAt, expiresAt } = reset
  const data = { tokenHash: hashToken(token), createdAt, expiresAt, usedAt: null }
  await tx.passwordReset.upsert({ where: { userId }, create: { userId, ...data }, update: data })
}

/** When the account's last token was made; null where there was none. */
export async function findResetTime(tx: PrismaTx, userId: UserId): Promise<Date | null> {
  const row = await tx.passwordReset.findUnique({ where: { userId }, select: { createdAt: true } })
  return row?.createdAt ?? null
}

/** Whose token this is, and until when it counts; null for one that is not ours, was used, or was followed by another. */
export async function findReset(tx: PrismaTx, token: string): Promise<{ userId: UserId; expiresAt: Date } | null> {
  const row = await tx.passwordReset.findUnique({ where: { tokenHash: hashToken(token), usedAt: null } })
  return row && { userId: row.userId as UserId, expiresAt: row.expiresAt }
}

/** Use a token up; whether it was still good. Of two at the same moment the second waits for the first and finds it used. */
export async function useReset(tx: PrismaTx, token: string, usedAt: Date): Promise<boolean> {
  const { count } = await tx.passwordReset.updateMany({
    where: { tokenHash: hashToken(token), usedAt: null, expiresAt: { gt: usedAt } },
    data: { usedAt },
  })
  return count === 1
}

/** Delete up to `limit` tokens that expired before; how many. */
export async function deleteExpiredResets(tx: PrismaTx, before: Date, limit: number): Promise<number> {
  const { count } = await tx.passwordReset.deleteMany({ where: { expiresAt: { lt: before } }, limit })
  return count
}
