import { findCredentials } from '../accounts/user-repository.ts'
import type { Dependencies } from '../dependencies.ts'
import { blockedUntil, type Counted, countAttempt, forgetAttempts } from '../limits/limits.ts'
import { networkOf } from '../limits/network.ts'
import { openSession, type SignedIn } from './session.ts'

/**
 * Sign in with an address and a password. Failures are counted by account and by network; when either has had its share, the right
 * password is no use either, and an address that nobody has is treated like every other: nothing here tells them apart.
 */
export async function signIn(
  deps: Dependencies,
  { email, password, ip }: { email: string; password: string; ip: string },
): Promise<SignedIn | { wrong: true } | { blockedUntil: Date }> {
  const { prisma } = deps
  const { limits } = deps.config
  const ofAccount: Counted = { kind: 'LOGIN_OF_ACCOUNT', subject: email }
  const counted: Counted[] = [ofAccount, { kind: 'LOGIN_FROM_NETWORK', subject: networkOf(ip) }]
  const blocked = () => blockedUntil(prisma, limits, counted, deps.now())

  const before = await blocked()
  if (before) return { blockedUntil: before }
  const known = await findCredentials(prisma, email)
  const right = await deps.passwords.verify(password, known?.passwordHash ?? null)
  // Again: of many guesses at once those that come after the last failure must not learn whether they are right.
  const during = await blocked()
  if (during) return { blockedUntil: during }
  const signedIn = known && right ? await openSession(deps, known.user, known.passwordHash) : null
  if (signedIn) {
    await forgetAttempts(prisma, ofAccount)
    return signedIn
  }
  for (const each of counted) await countAttempt(prisma, limits, each, deps.now())
  return { wrong: true }
}
