import type { Logger } from './logging.ts'
import type { Metrics } from './metrics.ts'
import { createRedis } from './redis.ts'

/**
 * Sessions that have ended while their access tokens are still good for some minutes: the auth service tells of them through
 * Redis, and everybody who verifies a token asks. Redis only shortens the life of a token: while it is away, tokens are good
 * until they expire.
 */
export interface Revocations {
  /** From now on tokens of these sessions are refused, for as long as one can live. */
  revoke(sessionIds: readonly string[], tokenTtlMs: number): Promise<void>
  isRevoked(sessionId: string): Promise<boolean>
  close(): void
}

const PAUSE_MS = 2_000
/** A verifier's clock may be a little behind. */
const GRACE_MS = 10_000
const keyOf = (sessionId: string) => `auth:revoked:${sessionId}`

/** Without a `url` nothing is told and nobody is refused. */
export function createRevocations(options: {
  url: string | undefined
  timeoutMs?: number
  logger: Logger
  metrics?: Metrics
  /** How long a Redis that failed is not asked again. */
  pauseMs?: number
}): Revocations {
  const { url, timeoutMs, logger, metrics, pauseMs = PAUSE_MS } = options
  if (!url) return { revoke: async () => {}, isRevoked: async () => false, close: () => {} }
  const redis = createRedis({ url, timeoutMs, logger, ...(metrics && { shown: { metrics, use: 'sessions' } }) })
  // A Redis that hangs costs its time-out once in a while, not on every request.
  let askAgainAtMs = 0
  return {
    async revoke(sessionIds, tokenTtlMs) {
      const told = sessionIds.map((sessionId) => redis.set(keyOf(sessionId), '', 'PX', tokenTtlMs + GRACE_MS))
      await Promise.all(told).catch((error) => {
        logger.error(
          { err: error, sessions: sessionIds.length },
          'ended sessions were not told: their tokens expire by themselves',
        )
      })
    },
    async isRevoked(sessionId) {
      if (performance.now() < askAgainAtMs) return false
      try {
        return (await redis.exists(keyOf(sessionId))) === 1
      } catch {
        askAgainAtMs = performance.now() + pauseMs
        return false
      }
    },
    close: () => redis.disconnect(),
  }
}
