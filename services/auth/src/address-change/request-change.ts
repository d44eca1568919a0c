import { emailChangeRequested, type UserId } from '@boxoffice/contracts'
import type { Messaging } from '@boxoffice/messaging'
import type { Config } from '../config.ts'
import type { GuessesDeps } from '../limits/guesses.ts'
import { guessesAt } from '../limits/guesses.ts'
import { cancelChangesOf, insertChange, isKept, listChangeTimes } from '../mailed-tokens/change-repository.ts'
import type { SealToken } from '../mailed-tokens/mailed-token.ts'
import { createMailedToken } from '../mailed-tokens/mailed-token.ts'
import { mayMail } from '../mailed-tokens/may-mail.ts'
import type { Passwords } from '../passwords/passwords.ts'
import { findCredentialsOf, findUserByEmail, lockUser } from '../users/user-repository.ts'

export type RequestChangeDeps = GuessesDeps & {
  config: Pick<Config, 'emailVerificationTtlMs' | 'mails'>
  messaging: Pick<Messaging, 'append'>
  passwords: Passwords
  sealToken: SealToken
}

export type Requested = 'DONE' | 'WRONG_PASSWORD' | 'EMAIL_TAKEN' | 'TOO_MANY' | { blockedUntil: Date }

const DAY_MS = 86_400_000

/**
 * Mails a link to a new address, which becomes the account's when its reader follows the link and gives the
 * account's password. Replaces an earlier pending change. Mails are limited by account and by target address.
 */
export async function requestAddressChange(
  deps: RequestChangeDeps,
  { userId, newEmail, password, ip }: { userId: UserId; newEmail: string; password: string; ip: string },
): Promise<Requested> {
  const known = await findCredentialsOf(deps.db, userId)
  const guesses = await guessesAt(deps, { email: known.user.email, ip })
  const blockedUntil = await guesses.blocked()
  if (blockedUntil) return { blockedUntil }
  if (!(await deps.passwords.verify(password, known.passwordHash))) {
    await guesses.failed()
    return 'WRONG_PASSWORD'
  }
  const token = createMailedToken()
  const sealedToken = await deps.sealToken(token)
  return deps.db.transact(async (tx): Promise<Requested> => {
    await lockUser(tx, userId)
    const { user } = await findCredentialsOf(tx, userId)
    const createdAt = deps.now()
    if ((await findUserByEmail(tx, newEmail)) || (await isKept(tx, newEmail, createdAt))) return 'EMAIL_TAKEN'
    const since = new Date(createdAt.getTime() - DAY_MS)
    for (const asked of [{ userId }, { newEmail }]) {
      if (!mayMail(await listChangeTimes(tx, asked, since), createdAt, deps.config.mails)) return 'TOO_MANY'
    }
    await cancelChangesOf(tx, userId, createdAt)
    const expiresAt = new Date(createdAt.getTime() + deps.config.emailVerificationTtlMs)
    await insertChange(tx, { token, userId, oldEmail: user.email, newEmail, createdAt, expiresAt })
    const { firstName, lastName, locale, version } = user
    const payload = {
      userId,
      email: newEmail,
      firstName,
      lastName,
      locale,
      sealedToken,
      tokenExpiresAt: expiresAt,
    }
    await deps.messaging.append(tx, emailChangeRequested, payload, { aggregateVersion: version })
    return 'DONE'
  })
}
