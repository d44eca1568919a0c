import { RateLimiter } from 'limiter'
import { LRUCache } from 'lru-cache'

/** Keys that are remembered; whoever comes back after so many others begins anew. */
const KEYS_MAX = 20_000
const MINUTE_MS = 60_000

/**
 * At most `perMinute` of something for each key within a minute, in this process. What is taken is null, or the whole seconds to wait where
 * there is none left.
 */
export function createRates({ perMinute }: { perMinute: number }) {
  const limiters = new LRUCache<string, RateLimiter>({ max: KEYS_MAX })
  return {
    take(key: string): number | null {
      const limiter = limiters.get(key) ?? new RateLimiter({ tokensPerInterval: perMinute, interval: 'minute' })
      limiters.set(key, limiter)
      if (limiter.tryRemoveTokens(1)) return null
      const leftMs = limiter.curIntervalStart + MINUTE_MS - performance.now()
      return Math.min(60, Math.max(1, Math.ceil(leftMs / 1_000)))
    },
  }
}
export type Rates = ReturnType<typeof createRates>
