import { networkOf } from '@boxoffice/service-kit'
import type { Config } from '../config.ts'
import type { Database } from '../database.ts'
import { blockedUntil, countAttempt, forgetAttempts } from './attempt-repository.ts'
import { isKnownNetwork } from './known-network-repository.ts'
import type { Counted } from './limits.ts'

export interface GuessesDeps {
  config: Pick<Config, 'limits'>
  db: Database
  now: () => Date
}

/**
 * Guesses at the password of one account from one place, wherever they are made: signing in, confirming an
 * address.
 */
export interface Guesses {
  readonly network: string
  /** When the last of the windows ends that have had their share; null where another guess may be made. */
  blocked(): Promise<Date | null>
  failed(): Promise<void>
  succeeded(): Promise<void>
}

/**
 * Failures are counted by account and network together, by network, and by account wherever they come from;
 * when any has had its share, the right password is no use either. The last of them is no matter where the
 * account was signed in to lately: others cannot lock its owner out.
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
    // Not `anywhere`: whoever guesses from elsewhere must not begin anew whenever the owner signs in.
    succeeded: () => forgetAttempts(db, here),
  }
}
