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
import { tellEnded } from '../sessions/session.ts'
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
 * The address to which this token was mailed becomes its account's. The token proves who reads there, the
 * password who owns the account: somebody else may have typed the address in, and a new password instead
 * would give them the reader's proof. Every session ends, with all links that were mailed to the old address;
 * its reader is told, and may undo it for a week if it was proven.
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
      const change = await findChange(tx, token) // as it is now that nobody else is at it
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
      if (undo) await tellOld(deps, tx, before, { sealedToken: sealedUndo, tokenExpiresAt: undo.expiresAt })
      return 'DONE'
    })
    await tellEnded(deps, ended)
    return confirmed
  } catch (error) {
    if (violatedUnique(error) === 'users_email_key') return 'EMAIL_TAKEN' // somebody registered it meanwhile
    throw error
  }
}

/** Who reads at the new address does not want it there. The same again changes nothing. */
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

/** A locked user's address is another from now on, proven by who reads there; the sessions that ended. */
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

/** Who reads at the address of before hears of it, with what undoes it. */
async function tellOld(
  deps: ConfirmChangeDeps,
  tx: Tx,
  { userId, email, firstName, lastName, locale, version }: StoredUser,
  undo: { sealedToken: string; tokenExpiresAt: Date },
): Promise<void> {
  const payload = { userId, email, firstName, lastName, locale, ...undo }
  await deps.messaging.append(tx, emailChanged, payload, { aggregateVersion: version })
}
