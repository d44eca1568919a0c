import { userCreated } from '@boxoffice/contracts'
import type { Messaging } from '@boxoffice/messaging'
import { violatedUnique } from '@boxoffice/service-kit'
import type { Config } from '../config.ts'
import type { Database } from '../database.ts'
import { rememberNetwork } from '../limits/known-network-repository.ts'
import { isKept } from '../mailed-tokens/change-repository.ts'
import type { SealToken } from '../mailed-tokens/mailed-token.ts'
import { createMailedToken } from '../mailed-tokens/mailed-token.ts'
import { insertVerification } from '../mailed-tokens/verification-repository.ts'
import type { Passwords } from '../passwords/passwords.ts'
import type { SignedIn } from '../sessions/session.ts'
import { insertFamily } from '../sessions/session-repository.ts'
import { findUserByEmail, insertUser, type NewUser } from '../users/user-repository.ts'

export interface RegisterDeps {
  config: Pick<Config, 'emailVerificationTtlMs' | 'refreshTtlMs'>
  db: Database
  messaging: Pick<Messaging, 'append'>
  newId: () => string
  now: () => Date
  passwords: Passwords
  sealToken: SealToken
}

/**
 * Registers and signs in a new account: the user, the token that confirms the address, the first refresh
 * token and USER_CREATED in one transaction. Returns null if the address is taken. The token is only stored
 * hashed and sent sealed.
 */
export async function register(
  deps: RegisterDeps,
  registration: Omit<NewUser, 'passwordHash' | 'createdAt'> & { password: string; network: string },
): Promise<SignedIn | null> {
  const { email, password, network, ...profile } = registration
  if (await findUserByEmail(deps.db, email)) return null // before the costly hash
  if (await isKept(deps.db, email, deps.now())) return null // a recent owner may still reclaim it
  const passwordHash = await deps.passwords.hash(password)
  const token = createMailedToken()
  const sealedToken = await deps.sealToken(token)

  const createdAt = deps.now()
  const tokenExpiresAt = new Date(createdAt.getTime() + deps.config.emailVerificationTtlMs)
  try {
    return await deps.db.transact(async (tx) => {
      const user = await insertUser(tx, { ...profile, email, passwordHash, createdAt })
      const { userId, firstName, lastName, locale, version } = user
      await insertVerification(tx, { token, userId, createdAt, expiresAt: tokenExpiresAt })
      const payload = { userId, email, firstName, lastName, locale, sealedToken, tokenExpiresAt, createdAt }
      await deps.messaging.append(tx, userCreated, payload, { aggregateVersion: version })
      await rememberNetwork(tx, userId, network, createdAt)
      const { refreshTtlMs } = deps.config
      const sessionId = deps.newId()
      const family = { familyId: sessionId, userId, createdAt, ttlMs: refreshTtlMs }
      return { user, sessionId, refreshToken: await insertFamily(tx, family) }
    })
  } catch (error) {
    if (violatedUnique(error) === 'users_email_key') return null // by a concurrent registration
    throw error
  }
}
