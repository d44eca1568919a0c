import { createRedis } from '../redis/redis.ts'
import { createBreaker, type Watchers } from '../resilience/breaker.ts'
import type { Policy } from '../resilience/policies.ts'
import { outsideTrace } from '../tracing/spans.ts'

/**
 * Sessions that ended while their access tokens are still valid for some minutes: the auth service writes
 * them to Redis, and every verifier of tokens reads them. Redis only shortens the life of a token: while it
 * is down, tokens are valid until they expire.
 */
export interface Revocations {
  /** Refuses tokens of these sessions from now on, for as long as one can live. */
  revoke(sessionIds: readonly string[], tokenTtlMs: number): Promise<void>
  isRevoked(sessionId: string): Promise<boolean>
  close(): void
}

/** A verifier's clock may be a little behind. */
const GRACE_MS = 10_000
const keyOf = (sessionId: string) => `auth:revoked:${sessionId}`

/** Creates the revocations; without a `url` none are written and no one is refused. */
export function createRevocations(
  options: Watchers & { url: string | undefined; timeoutMs?: number; policy: Policy },
): Revocations {
  const { url, logger, policy } = options
  if (!url) return { revoke: async () => {}, isRevoked: async () => false, close: () => {} }
  const redis = createRedis({ ...options, url, use: 'sessions' })
  // A Redis that hangs costs its time-out occasionally, not on every request.
  const breaker = createBreaker('redis', policy.breaker, options)
  return {
    async revoke(sessionIds, tokenTtlMs) {
      const writes = sessionIds.map((sessionId) =>
        redis.set(keyOf(sessionId), '', 'PX', tokenTtlMs + GRACE_MS),
      )
      await Promise.all(writes).catch((error) => {
        logger.error(
          { err: error, sessions: sessionIds.length },
          'session endings were not published: their tokens are valid until they expire',
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
 * One query for all lookups of one tick: whether each is among what `find` returns. It belongs to no trace,
 * since they come from several.
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
