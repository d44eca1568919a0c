import type { Redis } from 'ioredis'
import type { CacheKeys } from './cache.ts'

const SCANNED_AT_ONCE = 500
/** In a Redis with more keys than this, those of one cache are estimated from a sample. */
const COUNTED_MAX = 200_000
const SAMPLE = 20_000

/**
 * Creates the keys of Redis under `pattern`, scanned step by step; Redis serves other commands meanwhile.
 * `countedMax`: for tests.
 */
export function keysOf(
  redis: Redis,
  pattern: string,
  { countedMax = COUNTED_MAX }: { countedMax?: number } = {},
): CacheKeys {
  const prefix = pattern.split('*')[0] ?? ''
  const scan = (from: string) => redis.scan(from, 'MATCH', pattern, 'COUNT', SCANNED_AT_ONCE)
  const ttlOf = async (key: string) => {
    const seconds = await redis.ttl(key)
    return seconds >= 0 ? seconds : null
  }

  async function countAll(): Promise<number> {
    const found = new Set<string>()
    let from = '0'
    do {
      const [next, keys] = await scan(from)
      for (const key of keys) found.add(key)
      from = next
    } while (from !== '0')
    return found.size
  }

  /** Returns the share of the pattern in the first keys of a scan, which come in no order. */
  async function shareInSample(): Promise<number> {
    const matches = regExpOf(pattern)
    let [from, seen, matching] = ['0', 0, 0]
    do {
      const [next, keys] = await redis.scan(from, 'COUNT', SCANNED_AT_ONCE)
      seen += keys.length
      matching += keys.filter((key) => matches.test(key)).length
      from = next
    } while (from !== '0' && seen < SAMPLE)
    return seen === 0 ? 0 : matching / seen
  }

  return {
    async count() {
      const all = await redis.dbsize()
      return all <= countedMax
        ? { entries: await countAll(), estimated: false }
        : { entries: Math.round(all * (await shareInSample())), estimated: true }
    },

    async clear() {
      let from = '0'
      do {
        const [next, keys] = await scan(from)
        if (keys.length > 0) await redis.unlink(...keys)
        from = next
      } while (from !== '0')
    },

    async list(from, limit) {
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

    async find(key) {
      if (!key.startsWith(prefix)) return null
      const type = await redis.type(key)
      const value =
        type === 'hash' ? await redis.hgetall(key) : type === 'string' ? await redis.get(key) : null
      return value === null ? null : { key, ttlSeconds: await ttlOf(key), value }
    },
  }
}

/** Returns the regular expression of a pattern whose only wildcard is `*`. */
const regExpOf = (pattern: string) =>
  new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`, 's')
