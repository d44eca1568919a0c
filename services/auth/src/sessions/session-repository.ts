import type { UserId } from '@boxoffice/contracts'
import type { Db, Tx } from '../database.ts'
import type { RefreshFamily, RefreshToken } from '../generated/prisma/client.ts'
import { createRefreshToken, hashRefreshToken, openSuccessor, sealSuccessor } from './refresh-token.ts'

/** Inserts a family of refresh tokens for a sign-in. Returns its first token. */
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

/** A stored refresh token with its family. */
export interface StoredToken {
  token: RefreshToken
  family: RefreshFamily
}

/**
 * Finds a token and locks its family until the transaction ends, so that refreshes of one family are
 * serialized. Returns null if the token is unknown.
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
  return stored && family ? { token: stored, family } : null // null: deleted by the sweeper meanwhile
}

/** Finds the unused descendant of a used token. Each token decrypts the next; the database decrypts none. */
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

/** Uses up `token` and returns its new successor. */
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

/** Revokes a family. Returns false if it was revoked before; its time and reason stay. */
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

/** Revokes all families of a user and returns their ids. */
export async function revokeFamiliesOf(
  tx: Tx,
  userId: UserId,
  revoked: {
    revokedAt: Date
    revokedBecause: 'PASSWORD_RESET' | 'DISOWNED' | 'CONFIRMED' | 'ADDRESS_CHANGED' | 'ROLE_REVOKED'
  },
): Promise<string[]> {
  const ended = await tx.prisma.refreshFamily.updateManyAndReturn({
    where: { userId, revokedAt: null },
    data: revoked,
    select: { familyId: true },
  })
  return ended.map(({ familyId }) => familyId)
}

/** Deletes up to `limit` families whose last token has expired, with their tokens. Returns their number. */
export async function deleteExpiredFamilies(db: Db, now: Date, limit: number): Promise<number> {
  const { count } = await db.prisma.refreshFamily.deleteMany({ where: { expiresAt: { lt: now } }, limit })
  return count
}
