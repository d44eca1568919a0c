import { createRedis } from '../redis/redis.ts'
import { createBreaker, type Watchers } from '../resilience/breaker.ts'
import type { Policy } from '../resilience/policies.ts'
import { outsideTrace } from '../tracing/spans.ts'

/**
 * Sessions that have ended while their access tokens are still good for some minutes: the auth service tells
 * of them through Redis, and everybody who verifies a token asks. Redis only shortens the life of a token:
 * while it is down, tokens are good until they expire.
 */
export interface Revocations {
  /** From now on tokens of these sessions are refused, for as long as one can live. */
  revoke(sessionIds: readonly string[], tokenTtlMs: number): Promise<void>
  isRevoked(sessionId: string): Promise<boolean>
  close(): void
}

/** A verifier's clock may be a little behind. */
const GRACE_MS = 10_000
const keyOf = (sessionId: string) => `auth:revoked:${sessionId}`

/** Without a `url` nothing is told and nobody is refused. */
export function createRevocations(
  options: Watchers & { url: string | undefined; timeoutMs?: number; policy: Policy },
): Revocations {
  const { url, logger, policy } = options
  if (!url) return { revoke: async () => {}, isRevoked: async () => false, close: () => {} }
  const redis = createRedis({ ...options, url, use: 'sessions' })
  // A Redis that hangs costs its time-out once in a while, not on every request.
  const breaker = createBreaker('redis', policy.breaker, options)
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
    isRevoked: askOnceATurn(async (sessionIds) => {
      const found = await breaker(() => redis.mget(sessionIds.map(keyOf))).catch(() => [])
      return new Set(sessionIds.filter((_, index) => typeof found[index] === 'string'))
    }),
    close() {
      breaker.close()
      redis.disconnect()
    },
  }
}

/**
 * One question for all that is asked in one turn of the event loop: whether each is among what `find`
 * answers. It is in no trace: whose would it be?
 */
function askOnceATurn(
  find: (ids: readonly string[]) => Promise<Set<string>>,
): (id: string) => Promise<boolean> {
  let asked: { ids: Set<string>; found: Promise<Set<string>> } | null = null
  return async (id) => {
    asked ??= beginAsking()
    asked.ids.add(id)
    return (await asked.found).has(id)
  }

  function beginAsking() {
    const ids = new Set<string>()
    const found = new Promise<Set<string>>((resolve) => {
      setImmediate(() => {
        asked = null
        resolve(outsideTrace(() => find([...ids])))
      })
    })
    return { ids, found }
  }
}
