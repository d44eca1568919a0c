import type { GuessesDeps } from '../limits/guesses.ts'
import { guessesAt } from '../limits/guesses.ts'
import type { Passwords } from '../passwords/passwords.ts'
import { findCredentials } from '../users/user-repository.ts'
import type { SessionDeps } from './session.ts'
import { openSession, type SignedIn } from './session.ts'

export type SignInDeps = GuessesDeps &
  SessionDeps & {
    passwords: Passwords
  }

/**
 * Signs in with address and password, within the limits of guesses. An unknown address is treated like any
 * other.
 */
export async function signIn(
  deps: SignInDeps,
  { email, password, ip }: { email: string; password: string; ip: string },
): Promise<SignedIn | { wrong: true } | { blockedUntil: Date }> {
  const guesses = await guessesAt(deps, { email, ip })
  const before = await guesses.blocked()
  if (before) return { blockedUntil: before }
  const credentials = await findCredentials(deps.db, email)
  const right = await deps.passwords.verify(password, credentials?.passwordHash ?? null)
  // Check again: concurrent guesses after the last allowed failure must not learn whether they are right.
  const during = await guesses.blocked()
  if (during) return { blockedUntil: during }
  const { network } = guesses
  const signedIn = credentials && right ? await openSession(deps, { ...credentials, network }) : null
  if (signedIn) {
    await guesses.succeeded()
    return signedIn
  }
  await guesses.failed()
  return { wrong: true }
}
