import { networkOf } from '@boxoffice/service-kit'
import type { Config } from '../config.ts'
import type { Database } from '../database.ts'
import { blockedUntil, countAttempt, resetAttempts } from './attempt-repository.ts'
import { isKnownNetwork } from './known-network-repository.ts'
import type { Counted } from './limits.ts'

export interface GuessesDeps {
  config: Pick<Config, 'limits'>
  db: Database
  now: () => Date
}

/** Password guesses for one account from one network, at sign-in or when confirming an address. */
export interface Guesses {
  readonly network: string
  /** Returns when the last exhausted window ends; null if another guess is allowed. */
  blocked(): Promise<Date | null>
  failed(): Promise<void>
  succeeded(): Promise<void>
}

/**
 * Counts failures by account and network, by network, and by account. Beyond any limit the right password is
 * refused too. The limit by account does not apply to networks where the account was recently used, so that
 * others cannot lock its owner out.
 */
export async function guessesAt(
  { db, config, now }: GuessesDeps,
  { email, ip }: { email: string; ip: string },
): Promise<Guesses> {
  const { limits } = config
  const network = networkOf(ip)
  const here: Counted = {
    kind: 'LOGIN_OF_ACCOUNT_FROM_NETWORK',
    subject: `${network} ${email}`,
    account: email,
  }
  const anywhere: Counted = { kind: 'LOGIN_OF_ACCOUNT', subject: email, account: email }
  const ofNetwork: Counted = { kind: 'LOGIN_FROM_NETWORK', subject: network }
  const isKnown = await isKnownNetwork(db, { email, network, now: now() })
  return {
    network,
    blocked: () => blockedUntil(db, limits, isKnown ? [here, ofNetwork] : [here, ofNetwork, anywhere], now()),
    async failed() {
      for (const each of [here, ofNetwork, anywhere]) await countAttempt(db, limits, each, now())
    },
    // Not `anywhere`: the owner's sign-in must not reset the count of an attacker elsewhere.
    succeeded: () => resetAttempts(db, here),
  }
}
