import { type UserId, userEmailVerified } from '@boxoffice/contracts'
import type { Tx } from '../database.ts'
import { resetAttemptsOf } from '../limits/attempt-repository.ts'
import type { GuessesDeps } from '../limits/guesses.ts'
import { guessesAt } from '../limits/guesses.ts'
import { deleteNetworksOf } from '../limits/known-network-repository.ts'
import { cancelChangesOf } from '../mailed-tokens/change-repository.ts'
import { createMailedToken } from '../mailed-tokens/mailed-token.ts'
import { findVerification, useVerifications } from '../mailed-tokens/verification-repository.ts'
import type { Passwords } from '../passwords/passwords.ts'
import { endFamiliesOf } from '../sessions/ended.ts'
import type { SessionDeps } from '../sessions/session.ts'
import { revokeAccessTokensOf } from '../sessions/session.ts'
import {
  findCredentialsOf,
  holdPassword,
  lockUser,
  markEmailVerified,
  removePhone,
  setPassword,
} from '../users/user-repository.ts'

export type ConfirmAddressDeps = GuessesDeps &
  SessionDeps & {
    passwords: Passwords
  }

export type Confirmed = 'DONE' | 'TOKEN_INVALID' | 'TOKEN_EXPIRED' | 'WRONG_PASSWORD' | { blockedUntil: Date }

/** The proof that accompanies a token: the account's password, or a new one. */
export type Proof = { password: string } | { newPassword: string }

/**
 * Confirms the address to which this token was mailed, with USER_EMAIL_VERIFIED in the same commit. The token
 * proves who reads the mail, but another person may have made the account: so the reader gives its password
 * or sets a new one, and all earlier sessions end. Idempotent.
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
    // A concurrent request with this token was faster; it may have been the same.
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
    // A link sets a password only once.
    return 'password' in proof ? 'WRONG_PASSWORD' : 'TOKEN_INVALID'
  }
  return confirmWith(deps, token, { knownHash: passwordHash })
}

/** `knownHash`: the hash of the account's password, if it was given; `newHash`: the hash of the new one. */
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
  await revokeAccessTokensOf(deps, ended)
  return confirmed
}

/**
 * Ends all access of the person who made the account, and what is sent to them: its telephone number was
 * theirs.
 */
async function takeOver(tx: Tx, userId: UserId, passwordHash: string, takenAt: Date): Promise<void> {
  const { email } = await setPassword(tx, userId, passwordHash)
  await removePhone(tx, userId)
  await cancelChangesOf(tx, userId, takenAt)
  await deleteNetworksOf(tx, userId)
  await resetAttemptsOf(tx, email)
}

/**
 * Disowns an account that the reader of its address did not register. The account's creator loses it:
 * sessions end, and the password is replaced by a random one until the reader sets another by mail. The
 * address stays unverified, and the token is used up.
 */
export async function disownAccount(deps: ConfirmAddressDeps, token: string): Promise<Confirmed> {
  if (!(await findVerification(deps.db, token))) return 'TOKEN_INVALID' // before the costly hash
  const passwordHash = await deps.passwords.hash(createMailedToken())
  let ended: string[] = []
  const disowned = await deps.db.transact((tx) =>
    withToken(deps, tx, token, async ({ userId, used }, revokedAt): Promise<Confirmed> => {
      const { user } = await findCredentialsOf(tx, userId)
      // It was confirmed with its reader's own password, so no one else has access.
      if (user.emailVerified) return 'TOKEN_INVALID'
      if (used) return 'DONE'
      await setPassword(tx, userId, passwordHash)
      await removePhone(tx, userId)
      await cancelChangesOf(tx, userId, revokedAt)
      ended = await endFamiliesOf(deps, tx, userId, { revokedAt, revokedBecause: 'DISOWNED' })
      await deleteNetworksOf(tx, userId)
      await useVerifications(tx, userId, revokedAt)
      return 'DONE'
    }),
  )
  await revokeAccessTokensOf(deps, ended)
  return disowned
}

type Found = NonNullable<Awaited<ReturnType<typeof findVerification>>>

/** Runs `work` with the user of a valid token locked. */
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
  const found = await findVerification(tx, token) // read again under the lock
  if (!found) return 'TOKEN_INVALID'
  if (found.expiresAt <= now) return 'TOKEN_EXPIRED'
  return work(found, now)
}
