import { type UserId, userEmailVerified } from '@boxoffice/contracts'
import type { Tx } from '../database.ts'
import { forgetAttemptsOf } from '../limits/attempt-repository.ts'
import type { GuessesDeps } from '../limits/guesses.ts'
import { guessesAt } from '../limits/guesses.ts'
import { forgetNetworksOf } from '../limits/known-network-repository.ts'
import { cancelChangesOf } from '../mailed-tokens/change-repository.ts'
import { createMailedToken } from '../mailed-tokens/mailed-token.ts'
import { findVerification, useVerifications } from '../mailed-tokens/verification-repository.ts'
import type { Passwords } from '../passwords/passwords.ts'
import { endFamiliesOf } from '../sessions/ended.ts'
import type { SessionDeps } from '../sessions/session.ts'
import { tellEnded } from '../sessions/session.ts'
import {
  findCredentialsOf,
  holdPassword,
  lockUser,
  markEmailVerified,
  setPassword,
  takePhoneAway,
} from '../users/user-repository.ts'

export type ConfirmAddressDeps = GuessesDeps &
  SessionDeps & {
    passwords: Passwords
  }

export type Confirmed = 'DONE' | 'TOKEN_INVALID' | 'TOKEN_EXPIRED' | 'WRONG_PASSWORD' | { blockedUntil: Date }

/** What comes with the token: the account's password, or another in its place. */
export type Proof = { password: string } | { newPassword: string }

/**
 * The address to which this token was mailed is its user's own: that and USER_EMAIL_VERIFIED in one commit.
 * The token proves who reads the mail, and somebody else may have made the account: so the reader says its
 * password or sets another, and every session of before ends. The same request again changes nothing.
 */
export async function confirmAddress(
  deps: ConfirmAddressDeps,
  token: string,
  proof: Proof,
  ip: string,
): Promise<Confirmed> {
  const found = await findVerification(deps.db, token)
  if (!found) return 'TOKEN_INVALID' // before the costly hash
  if (found.expiresAt <= deps.now()) return 'TOKEN_EXPIRED'
  const { user, passwordHash } = await findCredentialsOf(deps.db, found.userId)
  const isRepeated = found.used || user.emailVerified
  if ('newPassword' in proof && !isRepeated) {
    const set = await confirmWith(deps, token, { newHash: await deps.passwords.hash(proof.newPassword) })
    // Another request with this token was faster: it may have been the same.
    return set === 'TOKEN_INVALID' ? confirmAddress(deps, token, proof, ip) : set
  }

  const guesses = await guessesAt(deps, { email: user.email, ip })
  const before = await guesses.blocked()
  if (before) return { blockedUntil: before }
  const right = await deps.passwords.verify(
    'password' in proof ? proof.password : proof.newPassword,
    passwordHash,
  )
  const during = await guesses.blocked()
  if (during) return { blockedUntil: during }
  if (!right) {
    await guesses.failed()
    // A link sets a password once: after that it is no way to set another.
    return 'password' in proof ? 'WRONG_PASSWORD' : 'TOKEN_INVALID'
  }
  return confirmWith(deps, token, { knownHash: passwordHash })
}

/** `knownHash`: of the account's password, as it was said; `newHash`: of the one that takes its place. */
async function confirmWith(
  deps: ConfirmAddressDeps,
  token: string,
  password: { knownHash: string } | { newHash: string },
): Promise<Confirmed> {
  let ended: string[] = []
  const confirmed = await deps.db.transact((tx) =>
    withToken(deps, tx, token, async ({ userId, used }, verifiedAt): Promise<Confirmed> => {
      if ('knownHash' in password && !(await holdPassword(tx, userId, password.knownHash)))
        return 'WRONG_PASSWORD'
      if (used) return 'knownHash' in password ? 'DONE' : 'TOKEN_INVALID'
      if ('newHash' in password) await takeOver(tx, userId, password.newHash, verifiedAt)
      const user = await markEmailVerified(tx, userId, verifiedAt)
      if (user) {
        ended = await endFamiliesOf(deps, tx, userId, { revokedAt: verifiedAt, revokedBecause: 'CONFIRMED' })
        const { email, version } = user
        await deps.messaging.append(
          tx,
          userEmailVerified,
          { userId, email, verifiedAt },
          { aggregateVersion: version },
        )
      }
      await useVerifications(tx, userId, verifiedAt)
      return 'DONE'
    }),
  )
  await tellEnded(deps, ended)
  return confirmed
}

/**
 * Nothing of whoever made the account opens it any more, and what they hear of it ends: its text messages
 * were theirs.
 */
async function takeOver(tx: Tx, userId: UserId, passwordHash: string, takenAt: Date): Promise<void> {
  const { email } = await setPassword(tx, userId, passwordHash)
  await takePhoneAway(tx, userId)
  await cancelChangesOf(tx, userId, takenAt)
  await forgetNetworksOf(tx, userId)
  await forgetAttemptsOf(tx, email)
}

/**
 * Whoever reads the mail of this address did not register it. Who did loses the account: its sessions end,
 * and its password is replaced by one that nobody knows, until another is set through the mail. The address
 * is not verified, and this token proves nothing any more.
 */
export async function disownAccount(deps: ConfirmAddressDeps, token: string): Promise<Confirmed> {
  if (!(await findVerification(deps.db, token))) return 'TOKEN_INVALID' // before the costly hash
  const passwordHash = await deps.passwords.hash(createMailedToken())
  let ended: string[] = []
  const disowned = await deps.db.transact((tx) =>
    withToken(deps, tx, token, async ({ userId, used }, revokedAt): Promise<Confirmed> => {
      const { user } = await findCredentialsOf(tx, userId)
      // It was confirmed with a password of its reader's own: there is nobody else to take it from.
      if (user.emailVerified) return 'TOKEN_INVALID'
      if (used) return 'DONE'
      await setPassword(tx, userId, passwordHash)
      await takePhoneAway(tx, userId)
      await cancelChangesOf(tx, userId, revokedAt)
      ended = await endFamiliesOf(deps, tx, userId, { revokedAt, revokedBecause: 'DISOWNED' })
      await forgetNetworksOf(tx, userId)
      await useVerifications(tx, userId, revokedAt)
      return 'DONE'
    }),
  )
  await tellEnded(deps, ended)
  return disowned
}

type Found = NonNullable<Awaited<ReturnType<typeof findVerification>>>

/** Do what a token is good for, with its user locked. */
async function withToken(
  deps: ConfirmAddressDeps,
  tx: Tx,
  token: string,
  work: (found: Found, now: Date) => Promise<Confirmed>,
): Promise<Confirmed> {
  const known = await findVerification(tx, token)
  if (!known) return 'TOKEN_INVALID'
  await lockUser(tx, known.userId)
  const now = deps.now()
  const found = await findVerification(tx, token) // as it is now that nobody else is at it
  if (!found) return 'TOKEN_INVALID'
  if (found.expiresAt <= now) return 'TOKEN_EXPIRED'
  return work(found, now)
}
