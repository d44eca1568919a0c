import { findCredentials } from '../accounts/user-repository.ts'
import type { Dependencies } from '../dependencies.ts'
import { isKnownNetwork } from '../limits/known-networks.ts'
import { blockedUntil, type Counted, countAttempt, forgetAttempts } from '../limits/limits.ts'
import { networkOf } from '../limits/network.ts'
import { openSession, type SignedIn } from './session.ts'

/**
 * Sign in with an address and a password. Failures are counted by account and network together, by network, and by account
 * wherever they come from; when any has had its share, the right password is no use either. The last of them is no matter where
 * the account was signed in to lately: others cannot lock its owner out. An address that nobody has is treated like every other.
 */
export async function signIn(
  deps: Dependencies,
  { email, password, ip }: { email: string; password: string; ip: string },
): Promise<SignedIn | { wrong: true } | { blockedUntil: Date }> {
  const { prisma } = deps
  const { limits } = deps.config
  const network = networkOf(ip)
  const here: Counted = { kind: 'LOGIN_OF_ACCOUNT_FROM_NETWORK', subject: `${network} ${email}`, account: email }
  const anywhere: Counted = { kind: 'LOGIN_OF_ACCOUNT', subject: email, account: email }
  const ofNetwork: Counted = { kind: 'LOGIN_FROM_NETWORK', subject: network }
  const isKnown = await isKnownNetwork(prisma, { email, network, now: deps.now() })
  const blocked = () => blockedUntil(prisma, limits, isKnown ? [here, ofNetwork] : [here, ofNetwork, anywhere], deps.now())

  const before = await blocked()
  if (before) return { blockedUntil: before }
  const credentials = await findCredentials(prisma, email)
  const right = await deps.passwords.verify(password, credentials?.passwordHash ?? null)
  // Again: of many guesses at once those that come after the last failure must not learn whether they are right.
  const during = await blocked()
  if (during) return { blockedUntil: during }
  const signedIn = credentials && right ? await openSession(deps, { ...credentials, network }) : null
  if (signedIn) {
    // Not `anywhere`: whoever guesses from elsewhere must not begin anew whenever the owner signs in.
    await forgetAttempts(prisma, here)
    return signedIn
  }
  for (const each of [here, ofNetwork, anywhere]) await countAttempt(prisma, limits, each, deps.now())
  return { wrong: true }
}
