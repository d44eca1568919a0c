const FAILURES_MAX = 3
const OPEN_MS = 2_000

/**
 * Runs a call, null when it fails. After three failures in a row the next calls are not made at all: for two seconds, then
 * one of them tries. An outage costs its time-out a few times, not on every request.
 */
export function createBreaker(options: { onFailure(error: unknown): void; monotonicMs?: () => number }) {
  const monotonicMs = options.monotonicMs ?? (() => performance.now())
  let failures = 0
  let openUntil = 0

  const attempt = async <T>(call: () => Promise<T>): Promise<T | null> => {
    if (failures >= FAILURES_MAX) {
      if (monotonicMs() < openUntil) return null
      openUntil = monotonicMs() + OPEN_MS // the others wait for what this one finds
    }
    try {
      const answer = await call()
      failures = 0
      return answer
    } catch (error) {
      failures++
      openUntil = monotonicMs() + OPEN_MS
      options.onFailure(error)
      return null
    }
  }
  return Object.assign(attempt, { state: () => (failures >= FAILURES_MAX ? ('DEGRADED' as const) : ('UP' as const)) })
}
export type Breaker = ReturnType<typeof createBreaker>
