import type { CacheKeys } from './cache.ts'

/** A `Map` or an LRU cache. */
interface Kept<V> {
  readonly size: number
  keys(): Iterable<string>
  get(key: string): V | undefined
  clear(): void
}

/**
 * Creates the keys of a cache in the memory of this process. `shown` describes a value to operators, since
 * it may be large or personal. `clear`: if emptying `kept` is not enough.
 */
export function memoryKeys<V>({
  kept,
  shown,
  clear = () => kept.clear(),
}: {
  kept: Kept<V>
  shown: (value: V) => Readonly<Record<string, string>>
  clear?: () => void
}): CacheKeys {
  return {
    count: async () => ({ entries: kept.size, estimated: false }),
    clear: async () => clear(),
    async list(from, limit) {
      const [first, all] = [Number(from), [...kept.keys()]]
      const keys = all.slice(first, first + limit).map((key) => ({ key, ttlSeconds: null }))
      return { keys, next: first + limit < all.length ? String(first + limit) : null }
    },
    async find(key) {
      const value = kept.get(key)
      return value === undefined ? null : { key, ttlSeconds: null, value: shown(value) }
    },
  }
}
