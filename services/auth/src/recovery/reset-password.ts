import { userEmailVerified } from '@boxoffice/contracts'
import { forgetAttemptsOf } from '../limits/attempt-repository.ts'
import { forgetNetworksOf } from '../limits/known-network-repository.ts'
import { cancelChangesOf } from '../mailed-tokens/change-repository.ts'
import { findReset, useReset } from '../mailed-tokens/reset-repository.ts'
import { useVerifications } from '../mailed-tokens/verification-repository.ts'
import type { Passwords } from '../passwords/passwords.ts'
import { endFamiliesOf } from '../sessions/ended.ts'
import type { SessionDeps } from '../sessions/session.ts'
import { tellEnded } from '../sessions/session.ts'
import { lockUser, markEmailVerified, setPassword, takePhoneAway } from '../users/user-repository.ts'

export type ResetPasswordDeps = SessionDeps & {
  passwords: Passwords
}

export type Reset = 'DONE' | 'TOKEN_INVALID' | 'TOKEN_EXPIRED'

/**
 * Set a new password with a token that was mailed. In one commit the token is used up with every other of the
 * account, every session ends, failed sign-ins and known networks are forgotten, and the address counts as
 * proven: whoever reads its mail owns it. Where it was not before, somebody else may have made the account:
 * their telephone number goes, and links that confirm the address.
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
    await lockUser(tx, userId) // before anything of the user's: that is the order in which everybody locks
    if (!(await useReset(tx, userId, token, now))) return 'TOKEN_INVALID'
    const { email } = await setPassword(tx, userId, passwordHash)
    ended = await endFamiliesOf(deps, tx, userId, { revokedAt: now, revokedBecause: 'PASSWORD_RESET' })
    await forgetNetworksOf(tx, userId)
    await forgetAttemptsOf(tx, email)
    await takePhoneAway(tx, userId)
    await cancelChangesOf(tx, userId, now)
    await useVerifications(tx, userId, now)
    const proven = await markEmailVerified(tx, userId, now)
    if (proven) {
      const payload = { userId, email, verifiedAt: now }
      await deps.messaging.append(tx, userEmailVerified, payload, { aggregateVersion: proven.version })
    }
    return 'DONE'
  })
  await tellEnded(deps, ended)
  return reset
}
