import type { Callee } from './policies.ts'

/** `ABORTED`: the caller gave up, which says nothing about the callee. */
export type UnavailableReason =
  | 'BREAKER_OPEN'
  | 'BULKHEAD_FULL'
  | 'RATE_LIMITED'
  | 'TIMEOUT'
  | 'CONNECTION'
  | 'ANSWER'
  | 'ABORTED'

/**
 * Thrown if a callee is unavailable. `sent`: whether it may have received the request; if false, certainly
 * nothing happened.
 */
export class ServiceUnavailable extends Error {
  readonly callee: Callee
  readonly reason: UnavailableReason
  readonly sent: boolean
  constructor(callee: Callee, reason: UnavailableReason, sent: boolean, cause?: unknown) {
    super(`${callee}: ${reason}`, { cause })
    this.callee = callee
    this.reason = reason
    this.sent = sent
  }
}
