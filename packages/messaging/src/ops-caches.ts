import { hostname } from 'node:os'
import {
  CACHE_KEY_NOT_FOUND,
  CACHE_NOT_FOUND,
  type CacheFigures,
  type OpsRoutes,
  SERVICE_UNAVAILABLE,
} from '@boxoffice/contracts'
import {
  actorOf,
  type Cache,
  type CacheKeys,
  cursorFields,
  defineCursor,
  type Handlers,
  RefusedError,
  refuse,
} from '@boxoffice/service-kit'

/** Tells the processes of a service apart. */
const instance = `${hostname()}:${process.pid}`
type Log = { warn(fields: object, message: string): void }

const walk = defineCursor({ scan: cursorFields.scan })

/** Lets operators see and clear the caches of a service. */
export function cacheHandlers(
  caches: readonly Cache[],
): Pick<Handlers<OpsRoutes>, 'getCaches' | 'clearCache' | 'listCacheKeys' | 'getCacheEntry'> {
  return {
    getCaches: async ({ log }) => ({
      status: 200,
      body: { instance, caches: await Promise.all(caches.map((cache) => figuresOf(cache, log))) },
    }),
    clearCache: async ({ params: { name }, principal, log }) => {
      await inCache(name, log, (keys) => keys.clear())
      log.warn({ cache: name, by: actorOf(principal) }, 'a cache was cleared')
      return { status: 204, body: undefined }
    },
    listCacheKeys: async ({ params: { name }, query, log }) => {
      const from = walk.decode(query.cursor)?.scan ?? '0'
      const { keys, next } = await inCache(name, log, (keys) => keys.list(from, query.limit))
      return { status: 200, body: { keys, nextCursor: next && walk.encode({ scan: next }) } }
    },
    getCacheEntry: async ({ params: { name }, query: { key }, log }) => {
      const entry = await inCache(name, log, (keys) => keys.find(key))
      return entry
        ? { status: 200, body: entry }
        : refuse(CACHE_KEY_NOT_FOUND, { message: `there is no ${key} in the cache ${name}` })
    },
  }

  /**
   * Runs an operation on a cache. Throws a 404 if this service has no cache of that name, a 503 if Redis is
   * unavailable.
   */
  async function inCache<T>(name: string, log: Log, ask: (keys: CacheKeys) => Promise<T>): Promise<T> {
    const cache = caches.find((cache) => cache.name === name)
    if (!cache)
      throw new RefusedError(refuse(CACHE_NOT_FOUND, { message: `this service has no cache ${name}` }))
    try {
      return await ask(cache.keys)
    } catch (error) {
      log.warn({ err: error, cache: name }, 'cache unavailable')
      throw new RefusedError(
        refuse(SERVICE_UNAVAILABLE, {
          message: `the cache ${name} is unavailable: try again shortly`,
        }),
      )
    }
  }
}

async function figuresOf({ name, shared, reads, keys }: Cache, log: Log): Promise<CacheFigures> {
  const { hits, misses } = reads
  const all = hits + misses
  const counted = await keys.count().catch((error) => {
    log.warn({ err: error, cache: name }, 'cache unavailable')
    return null
  })
  return {
    name,
    shared,
    hits,
    misses,
    hitRate: all === 0 ? null : hits / all,
    entries: counted?.entries ?? null,
    ...(counted?.estimated && { estimated: true }),
  }
}
