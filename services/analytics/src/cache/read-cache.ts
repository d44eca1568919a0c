import { readFileSync } from 'node:fs'
import { type Breaker, type Cache, keysOf, type Metrics, noReads } from '@boxoffice/service-kit'
import type { Redis } from 'ioredis'
import { z } from 'zod'

/** What an entry depends on: it is dropped whenever that changes. */
export type Tag = `event:${string}` | `user:${string}` | `ticket:${string}`

export interface Entry<S extends z.ZodType> {
  readonly tag: Tag
  /** The kind of read, for metrics. */
  readonly kind: string
  /** Which of that kind: a page, an interval. */
  readonly of?: string
  readonly schema: S
}

/**
 * Caches reads in Redis. If Redis fails, the answer comes from `load`, and a hanging Redis does not delay
 * every read. Missing things (null) are not cached.
 */
export interface ReadCache {
  read<S extends z.ZodType>(
    generation: number,
    entry: Entry<S>,
    load: () => Promise<z.output<S> | null>,
  ): Promise<z.output<S> | null>
  /**
   * Call after a commit: drops everything with this tag. Rejects while Redis is unavailable; entries expire
   * soon anyway.
   */
  invalidate(generation: number, tag: Tag): Promise<void>
  /** `reads`, for operators. */
  caches: readonly Cache[]
}

export const CHANNEL = 'analytics:changed'
const PREFIX = 'analytics:reads:'
const ENTRY_BYTES_MAX = 1_000_000
const script = (name: string) => readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8')
const [fill, invalidate] = [script('fill'), script('invalidate')]

/** Without Redis, every read is loaded separately. */
export const noCache: ReadCache = {
  read: (_generation, _entry, load) => load(),
  invalidate: async () => {},
  caches: [],
}

/** `breaker`: protects reads; an invalidation is always sent, since stale entries would stay otherwise. */
export function createReadCache(options: {
  redis: Redis
  breaker: Breaker
  metrics: Pick<Metrics, 'counter'>
  seconds: number
}): ReadCache {
  const { redis, breaker, seconds } = options
  const requests = options.metrics.counter(
    'cache_requests_total',
    'reads through the cache, by cache and result',
    ['cache', 'result'],
  )
  const counts = noReads()
  const loading = new Map<string, Promise<unknown>>()
  // The generation is part of the key, so that a switch hides all entries of the last one. Ids are
  // case-insensitive.
  const keyOf = (generation: number, tag: Tag) => `${PREFIX}${generation}:${tag.toLowerCase()}`

  function count(cache: string, result: 'hit' | 'miss'): void {
    requests.inc({ cache, result })
    counts[result === 'hit' ? 'hits' : 'misses']++
  }

  /** Returns the epoch and the cached entry in one round trip; null while Redis is unavailable. */
  async function lookUp(key: string, field: string): Promise<{ epoch: string; json: string | null } | null> {
    try {
      const [epoch, json] = await breaker(() => redis.hmget(key, 'epoch', field))
      return { epoch: epoch ?? '', json: json ?? null }
    } catch {
      return null
    }
  }

  /** Shares one load among concurrent misses; an invalidation separates them from later ones. */
  function shared<T>(name: string, load: () => Promise<T>): Promise<T> {
    const there = loading.get(name) as Promise<T> | undefined
    if (there) return there
    const begun = load().finally(() => loading.delete(name))
    loading.set(name, begun)
    return begun
  }

  return {
    async read(generation, entry, load) {
      const [key, field] = [keyOf(generation, entry.tag), `${entry.kind}:${entry.of ?? ''}`]
      const found = await lookUp(key, field)
      if (found?.json) {
        const cached = z.safeDecode(entry.schema, JSON.parse(found.json))
        if (cached.success) {
          count(entry.kind, 'hit')
          return cached.data
        }
      }
      count(entry.kind, 'miss')
      return shared(`${key} ${field} ${found?.epoch ?? 'unavailable'}`, async () => {
        const value = await load()
        if (value === null || !found) return value
        const json = JSON.stringify(z.encode(entry.schema, value))
        if (Buffer.byteLength(json) <= ENTRY_BYTES_MAX) {
          await breaker(() => redis.eval(fill, 1, key, found.epoch, field, json, seconds)).catch(() => {})
        }
        return value
      })
    },

    async invalidate(generation, tag) {
      // Only events are watched.
      const channel = tag.startsWith('event:') ? CHANNEL : ''
      await redis.eval(invalidate, 1, keyOf(generation, tag), crypto.randomUUID(), seconds, channel, tag)
    },

    caches: [{ name: 'reads', shared: true, reads: counts, keys: keysOf(redis, `${PREFIX}*`) }],
  }
}
