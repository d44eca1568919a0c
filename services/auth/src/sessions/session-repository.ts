import type { UserId } from '@boxoffice/contracts'
import type { Db, Tx } from '../database.ts'
import type { RefreshFamily, RefreshToken } from '../generated/prisma/client.ts'
import { createRefreshToken, hashRefreshToken, openSuccessor, sealSuccessor } from './refresh-token.ts'

/** A new family of refresh tokens: a sign-in. Answers its first token. */
export async function insertFamily(
  tx: Tx,
  {
    familyId,
    userId,
    createdAt,
    ttlMs,
  }: { familyId: string; userId: UserId; createdAt: Date; ttlMs: number },
): Promise<string> {
  const token = createRefreshToken()
  const expiresAt = new Date(createdAt.getTime() + ttlMs)
  await tx.prisma.refreshFamily.create({
    data: { familyId, userId, createdAt, lastUsedAt: createdAt, expiresAt },
  })
  await tx.prisma.refreshToken.create({
    data: { tokenHash: hashRefreshToken(token), familyId, createdAt, expiresAt },
  })
  return token
}

/** A refresh token as kept, with its family. */
export interface StoredToken {
  token: RefreshToken
  family: RefreshFamily
}

/**
 * The token and its family, whose row stays locked until the transaction ends: refreshes of one family go one
 * after the other, and each sees what the one before has written. null for a token that is not ours.
 */
export async function lockToken(tx: Tx, token: string, lastUsedAt: Date): Promise<StoredToken | null> {
  const tokenHash = hashRefreshToken(token)
  const found = await tx.prisma.refreshToken.findUnique({ where: { tokenHash }, select: { familyId: true } })
  if (!found) return null
  const locked = await tx.prisma.refreshFamily.updateManyAndReturn({
    where: { familyId: found.familyId },
    data: { lastUsedAt },
  })
  const stored = await tx.prisma.refreshToken.findUnique({ where: { tokenHash } })
  const [family] = locked
  return stored && family ? { token: stored, family } : null // null: swept away in between
}

/**
 * The unused token that took the place of this used one, at however many removes. Each opens the next: the
 * database opens none.
 */
export async function findNewest(tx: Tx, token: string): Promise<string> {
  for (let newest = token; ; ) {
    const { usedAt, sealedSuccessor } = await tx.prisma.refreshToken.findUniqueOrThrow({
      where: { tokenHash: hashRefreshToken(newest) },
      select: { usedAt: true, sealedSuccessor: true },
    })
    if (usedAt === null || sealedSuccessor === null) return newest
    newest = openSuccessor(newest, sealedSuccessor)
  }
}

/** Use `token` up and put a new one in its place, which it answers. */
export async function insertSuccessor(
  tx: Tx,
  { token, familyId, usedAt, ttlMs }: { token: string; familyId: string; usedAt: Date; ttlMs: number },
): Promise<string> {
  const successor = createRefreshToken()
  const predecessorHash = hashRefreshToken(token)
  const expiresAt = new Date(usedAt.getTime() + ttlMs)
  await tx.prisma.refreshToken.update({
    where: { tokenHash: predecessorHash },
    data: { usedAt, sealedSuccessor: sealSuccessor(token, successor) },
  })
  await tx.prisma.refreshToken.create({
    data: { tokenHash: hashRefreshToken(successor), familyId, predecessorHash, createdAt: usedAt, expiresAt },
  })
  await tx.prisma.refreshFamily.update({ where: { familyId }, data: { expiresAt } })
  return successor
}

/**
 * No token of the family counts any longer. False where it was revoked before: it keeps its time and reason.
 */
export async function revokeFamily(
  tx: Tx,
  familyId: string,
  revoked: { revokedAt: Date; revokedBecause: 'LOGOUT' | 'REUSE' },
): Promise<boolean> {
  const { count } = await tx.prisma.refreshFamily.updateMany({
    where: { familyId, revokedAt: null },
    data: revoked,
  })
  return count > 0
}

/** End all sessions of a user; their ids. */
export async function revokeFamiliesOf(
  tx: Tx,
  userId: UserId,
  revoked: {
    revokedAt: Date
    revokedBecause: 'PASSWORD_RESET' | 'DISOWNED' | 'CONFIRMED' | 'ADDRESS_CHANGED'
  },
): Promise<string[]> {
  const ended = await tx.prisma.refreshFamily.updateManyAndReturn({
    where: { userId, revokedAt: null },
    data: revoked,
    select: { familyId: true },
  })
  return ended.map(({ familyId }) => familyId)
}

/** Delete up to `limit` families, with their tokens, whose last token has expired; how many. */
export async function deleteExpiredFamilies(db: Db, now: Date, limit: number): Promise<number> {
  const { count } = await db.prisma.refreshFamily.deleteMany({ where: { expiresAt: { lt: now } }, limit })
  return count
}
