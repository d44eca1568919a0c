import type { Redis } from 'ioredis'

const SCANNED_AT_ONCE = 500

/** A cache key, and how long it stays. */
export interface CachedKey {
  readonly key: string
  readonly ttlSeconds: number | null
}

/** An entry in Redis: a text, or the fields of a hash. */
export interface CachedEntry extends CachedKey {
  readonly value: string | Readonly<Record<string, string>>
}

/** The keys of Redis under `pattern`, scanned step by step; Redis serves other commands meanwhile. */
export function keysOf(redis: Redis, pattern: string) {
  const prefix = pattern.split('*')[0] ?? ''
  const scan = (from: string) => redis.scan(from, 'MATCH', pattern, 'COUNT', SCANNED_AT_ONCE)
  const ttlOf = async (key: string) => {
    const seconds = await redis.ttl(key)
    return seconds >= 0 ? seconds : null
  }

  return {
    async clear(): Promise<void> {
      let from = '0'
      do {
        const [next, keys] = await scan(from)
        if (keys.length > 0) await redis.unlink(...keys)
        from = next
      } while (from !== '0')
    },

    /**
     * Returns about `limit` keys from a position of the scan, and the next position; null at the end. A key
     * may appear twice.
     */
    async list(from: string, limit: number): Promise<{ keys: CachedKey[]; next: string | null }> {
      const found = new Set<string>()
      let next = from
      do {
        const [further, keys] = await scan(next)
        for (const key of keys) found.add(key)
        next = further
      } while (next !== '0' && found.size < limit)
      const keys = await Promise.all([...found].map(async (key) => ({ key, ttlSeconds: await ttlOf(key) })))
      return { keys, next: next === '0' ? null : next }
    },

    /** Returns null for a missing key, or one of another cache. */
    async find(key: string): Promise<CachedEntry | null> {
      if (!key.startsWith(prefix)) return null
      const type = await redis.type(key)
      const value =
        type === 'hash' ? await redis.hgetall(key) : type === 'string' ? await redis.get(key) : null
      return value === null ? null : { key, ttlSeconds: await ttlOf(key), value }
    },
  }
}
export type RedisKeys = ReturnType<typeof keysOf>
