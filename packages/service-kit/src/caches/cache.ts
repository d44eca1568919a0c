/** Reads of a cache since this process started. */
export interface CacheReads {
  hits: number
  misses: number
}
export const noReads = (): CacheReads => ({ hits: 0, misses: 0 })

/** A cache that operators can inspect and clear. */
export interface Cache {
  readonly name: string
  /** Whether it is in Redis, one for all processes, or in the memory of this one. */
  readonly shared: boolean
  readonly reads: Readonly<CacheReads>
  readonly keys: CacheKeys
}

/** A cache key, and how long it stays. */
export interface CachedKey {
  readonly key: string
  readonly ttlSeconds: number | null
}

/** An entry: a text, or the fields of a hash. */
export interface CachedEntry extends CachedKey {
  readonly value: string | Readonly<Record<string, string>>
}

/** The keys of a cache. Rejects while it is unavailable. */
export interface CacheKeys {
  /** `estimated`: from a sample of the keys. */
  count(): Promise<{ entries: number; estimated: boolean }>
  clear(): Promise<void>
  /**
   * Returns about `limit` keys from a position of the scan (0 at first), and the next position; null at the
   * end. A key may appear twice.
   */
  list(from: string, limit: number): Promise<{ keys: CachedKey[]; next: string | null }>
  /** Returns null for a missing key, or one of another cache. */
  find(key: string): Promise<CachedEntry | null>
}
