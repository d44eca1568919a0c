import { RateLimiter, TokenBucket } from 'limiter'
import { LRUCache } from 'lru-cache'

/** Limits the calls of a process. */
export interface RateLimit {
  /** Takes `count` permits, all or none. */
  take(count?: number): boolean
}

/**
 * Allows `calls` within `intervalMs`, all at once if need be. Fewer than one call becomes one call in a
 * longer interval.
 */
export function createRateLimit({ calls, intervalMs }: { calls: number; intervalMs: number }): RateLimit {
  const interval = intervalMs * Math.max(1, 1 / calls)
  const limiter = new RateLimiter({ tokensPerInterval: Math.max(1, calls), interval })
  return { take: (count = 1) => limiter.tryRemoveTokens(count) }
}

/** The most keys in memory; a key that was evicted starts afresh. */
const KEYS_MAX = 20_000
const MINUTE_MS = 60_000

/**
 * Allows `perMinute` for each key within a minute, per process. `take` returns null, or the whole seconds to
 * wait if the limit is reached.
 */
export function createRateLimitByKey({ perMinute }: { perMinute: number }) {
  const rate = { tokensPerInterval: perMinute, interval: MINUTE_MS }
  const limiters = new LRUCache<string, RateLimiter>({ max: KEYS_MAX })
  return {
    take(key: string): number | null {
      const limiter = limiters.get(key) ?? new RateLimiter(rate)
      limiters.set(key, limiter)
      if (limiter.tryRemoveTokens(1)) return null
      const leftMs = limiter.curIntervalStart + MINUTE_MS - performance.now()
      return Math.min(60, Math.max(1, Math.ceil(leftMs / 1_000)))
    },
  }
}
export type RateLimitByKey = ReturnType<typeof createRateLimitByKey>

/** A rate whose capacity can be read before permits are taken. */
export interface SteadyRate extends RateLimit {
  /** Permits available now. */
  available(): number
  /** Milliseconds until one is available; 0 if one is. */
  waitMs(): number
}

/**
 * Allows so many calls a second, evenly spaced, and as many at once after an idle time. A rate below one
 * allows one call at a time.
 */
export function createSteadyRate(perSecond: number): SteadyRate {
  const bucketSize = Math.max(1, perSecond)
  const bucket = new TokenBucket({ bucketSize, tokensPerInterval: perSecond, interval: 'second' })
  bucket.content = bucketSize
  const available = () => {
    bucket.drip()
    return Math.floor(bucket.content)
  }
  return {
    available,
    take: (count = 1) => bucket.tryRemoveTokens(count),
    waitMs: () => (available() > 0 ? 0 : Math.ceil(((1 - bucket.content) / perSecond) * 1_000)),
  }
}
