import { emailChanged, userEmailVerified } from '@boxoffice/contracts'
import { violatedUnique } from '@boxoffice/service-kit'
import type { Tx } from '../database.ts'
import type { GuessesDeps } from '../limits/guesses.ts'
import { guessesAt } from '../limits/guesses.ts'
import {
  cancelChangesOf,
  type EmailChange,
  findChange,
  isKept,
  markConfirmed,
} from '../mailed-tokens/change-repository.ts'
import type { SealToken } from '../mailed-tokens/mailed-token.ts'
import { createMailedToken } from '../mailed-tokens/mailed-token.ts'
import { useResets } from '../mailed-tokens/reset-repository.ts'
import { useVerifications } from '../mailed-tokens/verification-repository.ts'
import type { Passwords } from '../passwords/passwords.ts'
import { endFamiliesOf } from '../sessions/ended.ts'
import type { SessionDeps } from '../sessions/session.ts'
import { revokeAccessTokensOf } from '../sessions/session.ts'
import type { StoredUser } from '../users/user.ts'
import { changeEmail, findCredentialsOf, holdPassword, lockUser } from '../users/user-repository.ts'

export type ConfirmChangeDeps = GuessesDeps &
  SessionDeps & {
    passwords: Passwords
    sealToken: SealToken
  }

export type ChangeConfirmed =
  | 'DONE'
  | 'TOKEN_INVALID'
  | 'TOKEN_EXPIRED'
  | 'WRONG_PASSWORD'
  | 'EMAIL_TAKEN'
  | { blockedUntil: Date }

const UNDO_MS = 7 * 86_400_000

/**
 * Moves an account to the address to which this token was mailed. The token proves who reads there, the
 * password who owns the account: a stranger may have entered the address, and accepting a new password would
 * give them the reader's proof. All sessions and links mailed to the old address end. The old address is
 * notified and, if it was verified, can undo the change for a week.
 */
export async function confirmAddressChange(
  deps: ConfirmChangeDeps,
  { token, password, ip }: { token: string; password: string; ip: string },
): Promise<ChangeConfirmed> {
  const found = await findChange(deps.db, token)
  if (!found || found.cancelledAt) return 'TOKEN_INVALID'
  if (found.expiresAt <= deps.now()) return 'TOKEN_EXPIRED'
  const { user, passwordHash } = await findCredentialsOf(deps.db, found.userId)
  const guesses = await guessesAt(deps, { email: user.email, ip })
  const blockedUntil = await guesses.blocked()
  if (blockedUntil) return { blockedUntil }
  if (!(await deps.passwords.verify(password, passwordHash))) {
    await guesses.failed()
    return 'WRONG_PASSWORD'
  }
  const undoToken = createMailedToken()
  const sealedUndo = await deps.sealToken(undoToken)
  let ended: string[] = []
  try {
    const confirmed = await deps.db.transact(async (tx): Promise<ChangeConfirmed> => {
      await lockUser(tx, found.userId)
      const change = await findChange(tx, token) // read again under the lock
      if (!change || change.cancelledAt) return 'TOKEN_INVALID'
      if (!(await holdPassword(tx, change.userId, passwordHash))) return 'WRONG_PASSWORD'
      if (change.confirmedAt) return 'DONE'
      const now = deps.now()
      if (await isKept(tx, change.newEmail, now)) return 'EMAIL_TAKEN'
      const { user: before } = await findCredentialsOf(tx, change.userId)
      const undo = before.emailVerified
        ? { token: undoToken, expiresAt: new Date(now.getTime() + UNDO_MS) }
        : null
      await markConfirmed(tx, change, { confirmedAt: now, undo })
      ended = await moveAddress(deps, tx, change, change.newEmail, now)
      if (undo)
        await notifyOldAddress(deps, tx, before, { sealedToken: sealedUndo, tokenExpiresAt: undo.expiresAt })
      return 'DONE'
    })
    await revokeAccessTokensOf(deps, ended)
    return confirmed
  } catch (error) {
    if (violatedUnique(error) === 'users_email_key') return 'EMAIL_TAKEN' // it was registered meanwhile
    throw error
  }
}

/** Cancels a change that the reader of the new address does not want. Idempotent. */
export const disownAddressChange = (deps: ConfirmChangeDeps, token: string): Promise<ChangeConfirmed> =>
  deps.db.transact(async (tx): Promise<ChangeConfirmed> => {
    const found = await findChange(tx, token)
    if (!found) return 'TOKEN_INVALID'
    await lockUser(tx, found.userId)
    const change = await findChange(tx, token)
    if (!change || change.confirmedAt) return 'TOKEN_INVALID'
    await cancelChangesOf(tx, change.userId, deps.now())
    return 'DONE'
  })

/** Changes the verified address of a locked user. Returns the sessions that ended. */
export async function moveAddress(
  deps: ConfirmChangeDeps,
  tx: Tx,
  { userId }: Pick<EmailChange, 'userId'>,
  email: string,
  now: Date,
): Promise<string[]> {
  const user = await changeEmail(tx, userId, email, now)
  await cancelChangesOf(tx, userId, now)
  await useVerifications(tx, userId, now)
  await useResets(tx, userId, now)
  const verified = { userId, email, verifiedAt: now }
  await deps.messaging.append(tx, userEmailVerified, verified, { aggregateVersion: user.version })
  return endFamiliesOf(deps, tx, userId, { revokedAt: now, revokedBecause: 'ADDRESS_CHANGED' })
}

/** Notifies the old address, with a link that undoes the change. */
async function notifyOldAddress(
  deps: ConfirmChangeDeps,
  tx: Tx,
  { userId, email, firstName, lastName, locale, version }: StoredUser,
  undo: { sealedToken: string; tokenExpiresAt: Date },
): Promise<void> {
  const payload = { userId, email, firstName, lastName, locale, ...undo }
  await deps.messaging.append(tx, emailChanged, payload, { aggregateVersion: version })
}
