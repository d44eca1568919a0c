import { hostname } from 'node:os'
import {
  CACHE_KEY_NOT_FOUND,
  CACHE_NOT_FOUND,
  type CacheFigures,
  type OpsRoutes,
  type QueueName,
  queues,
  SERVICE_UNAVAILABLE,
} from '@boxoffice/contracts'
import {
  actorOf,
  type Cache,
  type CacheKeys,
  cursorFields,
  defineCursor,
  type Foundation,
  type Handlers,
  mountRoutes,
  RefusedError,
  refuse,
  type Sql,
} from '@boxoffice/service-kit'
import type { Messaging } from './messaging.ts'

/** Tells the processes of a service apart. */
const instance = `${hostname()}:${process.pid}`
type Log = { warn(fields: object, message: string): void }

const walk = defineCursor({ scan: cursorFields.scan })

/** Mounts `/ops/queues`, `/ops/handlers`, `/ops/caches` and `/ops/outbox` of a service. */
export function mountOps(
  app: Parameters<typeof mountRoutes>[0],
  routes: OpsRoutes,
  deps: Pick<Foundation, 'authenticate' | 'idempotency'> & { db: Sql } & {
    messaging: Messaging
    caches?: readonly Cache[]
  },
): void {
  mountRoutes(app, routes, opsHandlers(deps), deps)
}

function opsHandlers({
  db,
  messaging,
  caches = [],
}: {
  db: Sql
  messaging: Messaging
  caches?: readonly Cache[]
}): Handlers<OpsRoutes> {
  return {
    getQueues: async () => ({
      status: 200,
      body: { queues: await Promise.all(messaging.consumed().map(figuresOf)) },
    }),
    getHandlers: async () => ({
      status: 200,
      body: { since: messaging.handlers.since, handlers: messaging.handlers.list() },
    }),
    getCaches: async ({ log }) => ({
      status: 200,
      body: { instance, caches: await Promise.all(caches.map((cache) => figuresOfCache(cache, log))) },
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
    getOutbox: async () => ({ status: 200, body: await outboxFigures(db) }),
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

  async function figuresOf({ queue, running }: { queue: QueueName; running: boolean }) {
    const { deadLetterQueue, visibilitySeconds, maxReceives } = queues[queue]
    const [depth, dead] = await Promise.all([
      messaging.queueDepth(queue),
      messaging.queueDepth(deadLetterQueue),
    ])
    const deadLetters = (dead?.visible ?? 0) + (dead?.inFlight ?? 0)
    return {
      queue,
      running,
      visible: 0,
      inFlight: 0,
      ...depth,
      visibilitySeconds,
      maxReceives,
      deadLetterQueue,
      deadLetters,
    }
  }
}

async function figuresOfCache({ name, shared, reads, keys }: Cache, log: Log): Promise<CacheFigures> {
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

async function outboxFigures(sql: Sql) {
  const [totals] = await sql.query<{
    unpublished: number
    oldestUnpublishedSeconds: number
    archived: number
  }>(
    `select count(*)::int as unpublished,
       coalesce(extract(epoch from clock_timestamp() - min(created_at)), 0)::float8 as "oldestUnpublishedSeconds",
       -- An estimate: the archive is as long as the history of the service.
       (select greatest(reltuples, 0)::int from pg_class where oid = 'message_archive'::regclass) as archived
     from outbox where published_at is null`,
  )
  const failing = await sql.query<{
    messageId: string
    eventType: string
    topic: string
    attempts: number
    createdAt: Date
  }>(
    `select message_id as "messageId", event_type as "eventType", topic, attempts, created_at as "createdAt"
     from outbox where published_at is null and attempts > 1 order by position limit 20`,
  )
  if (!totals) throw new Error('an aggregate without a row')
  return { ...totals, failing }
}
