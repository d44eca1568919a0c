import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { EventInfo, type EventQuery } from '@boxoffice/contracts'
import type { Metrics } from '@boxoffice/service-kit'
import type { Redis } from 'ioredis'
import { Counter } from 'prom-client'
import { z } from 'zod'

const Events = z.object({ events: z.array(EventInfo), nextCursor: z.string().nullable() })
export type EventPage = z.output<typeof Events>

/** Reads through Redis. Whatever is wrong with Redis, the answer comes from `load`. */
export interface EventCache {
  event(eventId: string, load: () => Promise<EventInfo | null>): Promise<EventInfo | null>
  page(query: EventQuery, load: () => Promise<EventPage>): Promise<EventPage>
  /** After a commit: what is cached of this event, and every page it may be on, is out of date. */
  changed(event: EventInfo): Promise<void>
}

const eventKey = (eventId: string) => `events:event:${eventId}`
const generationKey = 'events:pages:generation'
const putIfNewer = readFileSync(new URL('./lua/put-if-newer.lua', import.meta.url), 'utf8')

export function createEventCache(options: {
  redis: Redis
  registry: Metrics['registry']
  eventCacheSeconds: number
  listCacheSeconds: number
}): EventCache {
  const { redis } = options
  const requests = new Counter({
    name: 'cache_requests_total',
    help: 'reads through the cache, by cache and result',
    labelNames: ['cache', 'result'],
    registers: [options.registry],
  })
  const put = (event: EventInfo) =>
    redis.eval(
      putIfNewer,
      1,
      eventKey(event.eventId),
      event.version,
      JSON.stringify(z.encode(EventInfo, event)),
      options.eventCacheSeconds,
    )

  async function read<T>(cache: string, lookUp: () => Promise<T | null>): Promise<T | null> {
    const found = await lookUp().catch(() => null)
    requests.inc({ cache, result: found ? 'hit' : 'miss' })
    return found
  }

  return {
    async event(eventId, load) {
      const cached = await read('event', async () => {
        const json = await redis.hget(eventKey(eventId), 'json')
        return json ? z.decode(EventInfo, JSON.parse(json)) : null
      })
      if (cached) return cached
      const event = await load()
      if (event) await put(event).catch(() => {})
      return event
    },

    async page(query, load) {
      // A page belongs to a generation: a write begins a new one, and what a slow reader puts into the old one is never read.
      const generation = await redis.get(generationKey).catch(() => null)
      const hash = createHash('sha256').update(JSON.stringify(query)).digest('base64url')
      const key = `events:page:${generation ?? '0'}:${hash}`
      const cached = await read('page', async () => {
        const json = await redis.get(key)
        return json ? z.decode(Events, JSON.parse(json)) : null
      })
      if (cached) return cached
      const page = await load()
      await redis.set(key, JSON.stringify(z.encode(Events, page)), 'EX', options.listCacheSeconds).catch(() => {})
      return page
    },

    async changed(event) {
      await Promise.all([put(event), redis.incr(generationKey)]).catch(() => {})
    },
  }
}
