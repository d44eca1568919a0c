import { RATE_LIMITED } from '@boxoffice/contracts'
import { refuse } from '@boxoffice/service-kit'

export type LimitKind =
  | 'LOGIN_OF_ACCOUNT'
  | 'LOGIN_OF_ACCOUNT_FROM_NETWORK'
  | 'LOGIN_FROM_NETWORK'
  | 'REGISTRATION_FROM_NETWORK'
  | 'MAIL_FROM_NETWORK'
/** `max` attempts in a window of `windowMs`, which the first of them opens. */
export type Limits = Readonly<Record<LimitKind, { max: number; windowMs: number }>>

/**
 * Something that is counted: of an account its address, in its one spelling; of a network what `networkOf`
 * says; or both together.
 */
export interface Counted {
  kind: LimitKind
  subject: string
  /** The account's address, where it is about one. */
  account?: string
}

/** The answer to one attempt too many. */
export function tooManyAttempts(until: Date, now: Date) {
  const seconds = Math.max(1, Math.ceil((until.getTime() - now.getTime()) / 1_000))
  const refusal = refuse(RATE_LIMITED, { message: `too many attempts: try again in ${inWords(seconds)}` })
  return { ...refusal, headers: { 'retry-after': String(seconds) } }
}

const inWords = (seconds: number) =>
  seconds > 90 ? `${Math.ceil(seconds / 60)} minutes` : `${seconds} seconds`
