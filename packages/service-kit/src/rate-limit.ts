import { RateLimiter, TokenBucket } from 'limiter'
import { LRUCache } from 'lru-cache'

/** How many calls may go now, of a process. */
export interface RateLimit {
  /** Takes `count` of them, all or none. */
  take(count?: number): boolean
}

/**
 * At most `calls` within `intervalMs`, all of them at once if need be. Fewer than one call is one call in a
 * longer interval: a part of a call is never a call.
 */
export function createRateLimit({ calls, intervalMs }: { calls: number; intervalMs: number }): RateLimit {
  const interval = intervalMs * Math.max(1, 1 / calls)
  const limiter = new RateLimiter({ tokensPerInterval: Math.max(1, calls), interval })
  return { take: (count = 1) => limiter.tryRemoveTokens(count) }
}

/** Keys that are remembered; one that comes back after so many others begins anew. */
const KEYS_MAX = 20_000
const MINUTE_MS = 60_000

/**
 * At most `perMinute` of something for each key within a minute, in this process. `take` gives null, or the
 * whole seconds to wait where there is none left.
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

/** A rate that is looked at before it is taken, by what asks for many at once. */
export interface SteadyRate extends RateLimit {
  /** How many may go now. */
  available(): number
  /** How long until one may; 0 where one may now. */
  waitMs(): number
}

/** As many a second, evenly, and as many at once after a rest. A rate below one lets one go at a time. */
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
