/** How a call that came to nothing is made again. */
export interface RetryPolicy {
  /** Attempts in all. */
  readonly attempts: number
  /** The longest wait before the second attempt; it doubles with each. */
  readonly firstWaitMs: number
  /** No wait is longer, whatever `Retry-After` says. */
  readonly longestWaitMs: number
}

export const defaultRetry: RetryPolicy = { attempts: 4, firstWaitMs: 300, longestWaitMs: 10_000 }

/**
 * Statuses that say nothing of the request: a gateway without a service, or a service that cannot right now.
 */
const UNAVAILABLE: readonly number[] = [502, 503, 504]

export const isUnavailable = (status: number): boolean => UNAVAILABLE.includes(status)

/**
 * How long to wait before the attempt after `attempt` (from 1): what `Retry-After` says, otherwise a random
 * share of a time that doubles, so that clients which failed together do not come back together.
 */
export function waitMsAfter(
  attempt: number,
  policy: RetryPolicy,
  retryAfter: string | null,
  random = Math.random,
): number {
  const asked = retryAfter === null ? Number.NaN : readRetryAfter(retryAfter)
  const wait = Number.isNaN(asked)
    ? random() * policy.firstWaitMs * 2 ** (attempt - 1)
    : asked + random() * policy.firstWaitMs
  return Math.min(wait, policy.longestWaitMs)
}

/** Seconds, or a date (RFC 9110, 10.2.3), in milliseconds from now. */
function readRetryAfter(value: string): number {
  return /^\d+$/.test(value) ? Number(value) * 1_000 : Math.max(0, Date.parse(value) - Date.now())
}

/** Resolves after a while; rejects with the signal's reason as soon as that is aborted. */
export function wait(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const giveUp = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', giveUp)
      resolve()
    }, ms)
    signal?.addEventListener('abort', giveUp, { once: true })
  })
}
