import { userEmailVerified } from '@boxoffice/contracts'
import { resetAttemptsOf } from '../limits/attempt-repository.ts'
import { deleteNetworksOf } from '../limits/known-network-repository.ts'
import { cancelChangesOf } from '../mailed-tokens/change-repository.ts'
import { findReset, useReset } from '../mailed-tokens/reset-repository.ts'
import { useVerifications } from '../mailed-tokens/verification-repository.ts'
import type { Passwords } from '../passwords/passwords.ts'
import { endFamiliesOf } from '../sessions/ended.ts'
import type { SessionDeps } from '../sessions/session.ts'
import { revokeAccessTokensOf } from '../sessions/session.ts'
import { lockUser, markEmailVerified, removePhone, setPassword } from '../users/user-repository.ts'

export type ResetPasswordDeps = SessionDeps & {
  passwords: Passwords
}

export type Reset = 'DONE' | 'TOKEN_INVALID' | 'TOKEN_EXPIRED'

/**
 * Sets a new password with a mailed token. In one commit all reset tokens of the account are used up, all
 * sessions end, failed sign-ins and known networks are deleted, and the address counts as verified. If it was
 * not verified before, a stranger may have made the account: its telephone number and confirmation links are
 * removed.
 */
export async function resetPassword(
  deps: ResetPasswordDeps,
  token: string,
  password: string,
): Promise<Reset> {
  const found = await findReset(deps.db, token)
  if (!found) return 'TOKEN_INVALID' // before the costly hash
  if (found.expiresAt <= deps.now()) return 'TOKEN_EXPIRED'
  const passwordHash = await deps.passwords.hash(password)
  let ended: string[] = []
  const reset = await deps.db.transact(async (tx): Promise<Reset> => {
    const now = deps.now()
    const { userId } = found
    await lockUser(tx, userId) // lock the user first, as everywhere
    if (!(await useReset(tx, userId, token, now))) return 'TOKEN_INVALID'
    const { email } = await setPassword(tx, userId, passwordHash)
    ended = await endFamiliesOf(deps, tx, userId, { revokedAt: now, revokedBecause: 'PASSWORD_RESET' })
    await deleteNetworksOf(tx, userId)
    await resetAttemptsOf(tx, email)
    await removePhone(tx, userId)
    await cancelChangesOf(tx, userId, now)
    await useVerifications(tx, userId, now)
    const proven = await markEmailVerified(tx, userId, now)
    if (proven) {
      const payload = { userId, email, verifiedAt: now }
      await deps.messaging.append(tx, userEmailVerified, payload, { aggregateVersion: proven.version })
    }
    return 'DONE'
  })
  await revokeAccessTokensOf(deps, ended)
  return reset
}
