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
 * Sign in with an address and a password, as often as guesses may be made. An address that nobody has is
 * treated like every other.
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
  // Again: of many guesses at once those that come after the last failure must not learn whether they are
  // right.
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
