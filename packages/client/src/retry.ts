/** How failed calls are retried. */
export interface RetryPolicy {
  /** Total number of attempts. */
  readonly attempts: number
  /** Maximum delay before the second attempt; it doubles with each further one. */
  readonly firstWaitMs: number
  /** Upper limit of every delay, even if `Retry-After` is longer. */
  readonly longestWaitMs: number
}

export const defaultRetry: RetryPolicy = { attempts: 4, firstWaitMs: 300, longestWaitMs: 10_000 }

/**
 * Statuses unrelated to the request itself: a gateway without a service, or a service that is temporarily
 * unavailable.
 */
const UNAVAILABLE: readonly number[] = [502, 503, 504]

export const isUnavailable = (status: number): boolean => UNAVAILABLE.includes(status)

/**
 * Returns how long to wait after attempt `attempt` (from 1): the value of `Retry-After`, otherwise a random
 * share of a delay that doubles, so that clients that failed together do not retry together.
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

/** Parses seconds or a date (RFC 9110, 10.2.3) into milliseconds from now. */
function readRetryAfter(value: string): number {
  return /^\d+$/.test(value) ? Number(value) * 1_000 : Math.max(0, Date.parse(value) - Date.now())
}

/** Resolves after a delay; rejects with the signal's reason as soon as it is aborted. */
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
