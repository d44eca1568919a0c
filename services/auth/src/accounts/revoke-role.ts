import type { RevocableRole } from '@boxoffice/contracts'
import { endFamiliesOf } from '../sessions/ended.ts'
import type { SessionDeps } from '../sessions/session.ts'
import { revokeAccessTokensOf } from '../sessions/session.ts'
import type { StoredUser } from '../users/user.ts'
import { findUserByEmail, getUser, lockAdmins, lockUser, setRoles } from '../users/user-repository.ts'

/** `wasRevoked` is false if the user did not have the role. */
export type RoleRevoked = { user: StoredUser; wasRevoked: boolean } | 'USER_NOT_FOUND' | 'LAST_ADMIN'

/**
 * Revokes a role and, in the same commit, ends all sessions of the user, who signs in again without it. A
 * role is revoked from someone who leaves or whose account is suspect, so a session that lives on with fewer
 * roles would help no one: and an ended one takes its access tokens and streams with it at once, at every
 * service. While Redis is unavailable, an access token carries the role until it expires. Idempotent.
 */
export async function revokeRole(
  deps: SessionDeps,
  { email, role }: { email: string; role: RevocableRole },
): Promise<RoleRevoked> {
  let ended: string[] = []
  const revoked = await deps.db.transact(async (tx): Promise<RoleRevoked> => {
    // Locked before the user: of two revocations of the last two admins, the second finds one.
    const admins = role === 'ADMIN' ? await lockAdmins(tx) : []
    const found = await findUserByEmail(tx, email)
    if (!found) return 'USER_NOT_FOUND'
    await lockUser(tx, found.userId)
    const user = await getUser(tx, found.userId)
    if (!user.roles.includes(role)) return { user, wasRevoked: false }
    if (role === 'ADMIN' && !admins.some((userId) => userId !== user.userId)) return 'LAST_ADMIN'
    ended = await endFamiliesOf(deps, tx, user.userId, {
      revokedAt: deps.now(),
      revokedBecause: 'ROLE_REVOKED',
    })
    const roles = user.roles.filter((kept) => kept !== role)
    return { user: await setRoles(tx, user.userId, roles), wasRevoked: true }
  })
  await revokeAccessTokensOf(deps, ended)
  return revoked
}
