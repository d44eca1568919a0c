import { RATE_LIMITED } from '@boxoffice/contracts'
import { refuse } from '@boxoffice/service-kit'

export type LimitKind =
  | 'LOGIN_OF_ACCOUNT'
  | 'LOGIN_OF_ACCOUNT_FROM_NETWORK'
  | 'LOGIN_FROM_NETWORK'
  | 'REGISTRATION_FROM_NETWORK'
  | 'MAIL_FROM_NETWORK'
/** At most `max` attempts in a window of `windowMs`, which starts with the first. */
export type Limits = Readonly<Record<LimitKind, { max: number; windowMs: number }>>

/** The subject of a limit: an account's normalized address, a network (see `networkOf`), or both together. */
export interface Counted {
  kind: LimitKind
  subject: string
  /** The account's address, if it is about one. */
  account?: string
}

/** Returns the refusal of an attempt beyond the limit. */
export function tooManyAttempts(until: Date, now: Date) {
  const seconds = Math.max(1, Math.ceil((until.getTime() - now.getTime()) / 1_000))
  const refusal = refuse(RATE_LIMITED, { message: `too many attempts: try again in ${inWords(seconds)}` })
  return { ...refusal, headers: { 'retry-after': String(seconds) } }
}

const inWords = (seconds: number) =>
  seconds > 90 ? `${Math.ceil(seconds / 60)} minutes` : `${seconds} seconds`
