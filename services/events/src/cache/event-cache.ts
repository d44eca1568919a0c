import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type EventId, EventInfo, type EventQuery } from '@boxoffice/contracts'
import { type Breaker, type Cache, keysOf, type Metrics, noReads } from '@boxoffice/service-kit'
import type { Redis } from 'ioredis'
import { Counter } from 'prom-client'
import { z } from 'zod'

const Events = z.object({ events: z.array(EventInfo), nextCursor: z.string().nullable() })
export type EventPage = z.output<typeof Events>

/** Reads through Redis. If Redis fails or hangs, the answer comes from `load`. */
export interface EventCache {
  event(eventId: string, load: () => Promise<EventInfo | null>): Promise<EventInfo | null>
  page(query: EventQuery, load: () => Promise<EventPage>): Promise<EventPage>
  /** Call after a commit: updates the cached event and invalidates all pages. */
  changed(event: EventInfo): Promise<void>
  /** Call after the commit that deleted it. */
  removed(eventId: EventId): Promise<void>
  /** `events` and `event-pages`, for operators. */
  caches: readonly Cache[]
}

const eventKey = (eventId: string) => `events:event:${eventId}`
const NEWEST_VERSION = Number.MAX_SAFE_INTEGER
const PAGE_BYTES_MAX = 100_000
const pageKey = (generation: string) => `events:page:${generation}:`
const generationKey = 'events:pages:generation'
const putIfNewer = readFileSync(new URL('./lua/put-if-newer.lua', import.meta.url), 'utf8')

export function createEventCache(options: {
  redis: Redis
  /** The breaker of Redis, for reads. Invalidations are always tried, because a stale entry would stay. */
  breaker: Breaker
  registry: Metrics['registry']
  eventCacheSeconds: number
  listCacheSeconds: number
}): EventCache {
  const { redis, breaker } = options
  const requests = new Counter({
    name: 'cache_requests_total',
    help: 'reads through the cache, by cache and result',
    labelNames: ['cache', 'result'],
    registers: [options.registry],
  })
  const counts = { event: noReads(), page: noReads() }
  const putAt = (eventId: EventId, version: number, json: string) =>
    redis.eval(putIfNewer, 1, eventKey(eventId), version, json, options.eventCacheSeconds)
  const put = (event: EventInfo) =>
    putAt(event.eventId, event.version, JSON.stringify(z.encode(EventInfo, event)))

  async function read<T>(cache: keyof typeof counts, lookUp: () => Promise<T | null>): Promise<T | null> {
    const found = await lookUp().catch(() => null)
    requests.inc({ cache, result: found ? 'hit' : 'miss' })
    counts[cache][found ? 'hits' : 'misses']++
    return found
  }

  return {
    async event(eventId, load) {
      const cached = await read('event', async () => {
        const json = await breaker(() => redis.hget(eventKey(eventId), 'json'))
        return json ? z.decode(EventInfo, JSON.parse(json)) : null
      })
      if (cached) return cached
      const event = await load()
      if (event) await breaker(() => put(event)).catch(() => {})
      return event
    },

    async page(query, load) {
      // A page belongs to a generation. A write starts a new one, so a slow reader's stale page is never
      // read.
      const generation = await breaker(() => redis.get(generationKey)).catch(() => null)
      const hash = createHash('sha256').update(JSON.stringify(query)).digest('base64url')
      const key = `${pageKey(generation ?? '0')}${hash}`
      const cached = await read('page', async () => {
        const json = await breaker(() => redis.get(key))
        return json ? z.decode(Events, JSON.parse(json)) : null
      })
      if (cached) return cached
      const page = await load()
      const json = JSON.stringify(z.encode(Events, page))
      // Anyone can request pages without limit; only small ones, which many request, are cached.
      if (Buffer.byteLength(json) > PAGE_BYTES_MAX) return page
      await breaker(() => redis.set(key, json, 'EX', options.listCacheSeconds)).catch(() => {})
      return page
    },

    async changed(event) {
      await Promise.all([put(event), redis.incr(generationKey)]).catch(() => {})
    },

    async removed(eventId) {
      // An empty entry of the newest version, so that a slow reader cannot restore the event.
      await Promise.all([putAt(eventId, NEWEST_VERSION, ''), redis.incr(generationKey)]).catch(() => {})
    },

    caches: [
      { name: 'events', shared: true, reads: counts.event, keys: keysOf(redis, `${eventKey('')}*`) },
      { name: 'event-pages', shared: true, reads: counts.page, keys: keysOf(redis, `${pageKey('*')}*`) },
    ],
  }
}
