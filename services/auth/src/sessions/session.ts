import type { UserId } from '@boxoffice/contracts'
import type { Revocations } from '@boxoffice/service-kit'
import type { Config } from '../config.ts'
import type { Database } from '../database.ts'
import { rememberNetwork, touchNetwork } from '../limits/known-network-repository.ts'
import type { StoredUser } from '../users/user.ts'
import { getUser, holdPassword } from '../users/user-repository.ts'
import type { EndedDeps } from './ended.ts'
import { endFamily } from './ended.ts'
import { judge } from './judge.ts'
import { findNewest, insertFamily, insertSuccessor, lockToken } from './session-repository.ts'

export type SessionDeps = EndedDeps & {
  config: Pick<Config, 'accessTokenTtlMs' | 'refreshGraceMs' | 'refreshTtlMs'>
  db: Database
  newId: () => string
  now: () => Date
  revocations: Pick<Revocations, 'revoke'>
}

/** A signed-in user with a refresh token. */
export interface SignedIn {
  user: StoredUser
  /** The family of the refresh token. */
  sessionId: string
  refreshToken: string
}

/**
 * Starts a session of a user whose password was verified by this hash; null if the password has changed
 * since. The user is read again: a role may have been revoked, with all sessions of before, while the
 * password was verified.
 */
export const openSession = (
  deps: SessionDeps,
  {
    user: { userId },
    passwordHash,
    network,
  }: { user: Pick<StoredUser, 'userId'>; passwordHash: string; network: string },
): Promise<SignedIn | null> =>
  deps.db.transact(async (tx) => {
    if (!(await holdPassword(tx, userId, passwordHash))) return null
    const user = await getUser(tx, userId)
    await rememberNetwork(tx, userId, network, deps.now())
    const family = { familyId: deps.newId(), userId, createdAt: deps.now(), ttlMs: deps.config.refreshTtlMs }
    return { user, sessionId: family.familyId, refreshToken: await insertFamily(tx, family) }
  })

export type Refreshed =
  | SignedIn
  | { refused: 'TOKEN_INVALID' | 'TOKEN_EXPIRED' | 'TOKEN_REVOKED' | 'TOKEN_REUSED' }

/**
 * Rotates a refresh token; within the grace period, returns the newest of its family. Any other reuse revokes
 * the family, which is committed although the request is refused.
 */
export async function refresh(deps: SessionDeps, token: string, network: string): Promise<Refreshed> {
  const { ended, ...refreshed } = await rotate(deps, token, network)
  if (ended) await revokeAccessTokensOf(deps, [ended])
  return refreshed
}

const rotate = (deps: SessionDeps, token: string, network: string): Promise<Refreshed & { ended?: string }> =>
  deps.db.transact(async (tx): Promise<Refreshed & { ended?: string }> => {
    const now = deps.now()
    const stored = await lockToken(tx, token, now)
    if (!stored) return { refused: 'TOKEN_INVALID' }
    const { familyId, userId, revokedAt } = stored.family
    const { expiresAt, usedAt } = stored.token
    const shown = { expiresAt, usedAt, familyRevokedAt: revokedAt }
    const signedIn = async (refreshToken: string) => ({
      user: await getUser(tx, userId as UserId),
      sessionId: familyId,
      refreshToken,
    })

    const verdict = judge(shown, now, deps.config.refreshGraceMs)
    if (verdict === 'ROTATE') {
      await touchNetwork(tx, userId as UserId, network, now)
      return signedIn(
        await insertSuccessor(tx, { token, familyId, usedAt: now, ttlMs: deps.config.refreshTtlMs }),
      )
    }
    if (verdict === 'REPEAT') return signedIn(await findNewest(tx, token))
    if (verdict === 'EXPIRED') return { refused: 'TOKEN_EXPIRED' }
    if (verdict === 'REVOKED') return { refused: 'TOKEN_REVOKED' }
    await endFamily(
      deps,
      tx,
      { familyId, userId: userId as UserId },
      { revokedAt: now, revokedBecause: 'REUSE' },
    )
    return { refused: 'TOKEN_REUSED', ended: familyId }
  })

/** Ends the session of any token of its family; ignores unknown tokens. */
export async function endSession(deps: SessionDeps, token: string): Promise<void> {
  const ended = await deps.db.transact(async (tx) => {
    const stored = await lockToken(tx, token, deps.now())
    if (!stored) return []
    const { familyId, userId } = stored.family
    await endFamily(
      deps,
      tx,
      { familyId, userId: userId as UserId },
      { revokedAt: deps.now(), revokedBecause: 'LOGOUT' },
    )
    return [familyId]
  })
  await revokeAccessTokensOf(deps, ended)
}

/** Revokes access tokens of these sessions, after the commit that ended them. */
export const revokeAccessTokensOf = (
  { revocations, config }: SessionDeps,
  sessionIds: readonly string[],
): Promise<void> => revocations.revoke(sessionIds, config.accessTokenTtlMs)
