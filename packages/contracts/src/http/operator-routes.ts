import * as z from 'zod'
import type { ServiceKey } from '../values/services.ts'
import { Instant } from '../values/text.ts'
import { defineRoute, Empty, NextCursor, Page } from './define-route.ts'
import { CACHE_KEY_NOT_FOUND, CACHE_NOT_FOUND, SERVICE_UNAVAILABLE } from './refusals.ts'

export const QueueFigures = z.object({
  queue: z.string(),
  running: z.boolean().meta({ description: 'whether the answering process consumes it' }),
  visible: z.int().meta({ description: 'waiting' }),
  inFlight: z.int().meta({ description: 'being handled' }),
  visibilitySeconds: z.int(),
  maxReceives: z.int(),
  deadLetterQueue: z.string(),
  deadLetters: z.int(),
})
export const HandlerFigures = z.object({
  queue: z.string(),
  eventType: z.string(),
  done: z.int(),
  duplicate: z.int().meta({ description: 'duplicates: acknowledged without effect' }),
  dead: z.int().meta({ description: 'invalid: sent to the dead-letter queue' }),
  failed: z.int(),
  averageMs: z.number().nullable(),
  lastAt: Instant.nullable(),
  lastError: z.string().nullable(),
})
export type HandlerFigures = z.output<typeof HandlerFigures>
export const CacheFigures = z.object({
  name: z.string(),
  hits: z.int(),
  misses: z.int(),
  hitRate: z.number().min(0).max(1).nullable().meta({ description: 'null before the first read' }),
  entries: z.int().nullable().meta({ description: 'keys in the cache; null while Redis is unavailable' }),
  estimated: z
    .boolean()
    .optional()
    .meta({ description: 'whether `entries` is an estimate, because Redis has very many keys' }),
  shared: z.boolean().meta({
    description: 'whether it is in Redis, one for all processes, or in the memory of the answering one',
  }),
})
export type CacheFigures = z.output<typeof CacheFigures>
const CachedKey = z.object({
  key: z.string(),
  ttlSeconds: z.int().nullable().meta({ description: 'how long it stays; null: no expiry' }),
})
const CacheName = z.object({ name: z.string().regex(/^[\w-]{1,64}$/) })
export const OutboxFigures = z.object({
  unpublished: z.int(),
  oldestUnpublishedSeconds: z.number(),
  archived: z.int().meta({ description: 'messages in the archive, as PostgreSQL estimates' }),
  failing: z
    .array(
      z.object({
        messageId: z.uuid(),
        eventType: z.string(),
        topic: z.string(),
        attempts: z.int(),
        createdAt: Instant,
      }),
    )
    .meta({ description: 'unpublished after more than one attempt, the oldest first, at most 20' }),
})

/** Operators' routes of every service; figures of calls cover the answering process since its start. */
const opsOf = (service: ServiceKey) =>
  ({
    getQueues: defineRoute({
      method: 'GET',
      path: `/api/${service}/ops/queues`,
      summary: 'List the queues of this service and their dead-letter queues',
      access: 'operator',
      responses: { 200: z.object({ queues: z.array(QueueFigures) }) },
    }),
    getHandlers: defineRoute({
      method: 'GET',
      path: `/api/${service}/ops/handlers`,
      summary: 'Get the outcomes of the messages that this service handled',
      access: 'operator',
      responses: { 200: z.object({ since: Instant, handlers: z.array(HandlerFigures) }) },
    }),
    getCaches: defineRoute({
      method: 'GET',
      path: `/api/${service}/ops/caches`,
      summary: "Get the hit rates and sizes of this service's caches",
      access: 'operator',
      responses: {
        200: z.object({
          instance: z.string().meta({ description: 'the answering process: its host and process id' }),
          caches: z.array(CacheFigures),
        }),
      },
    }),
    clearCache: defineRoute({
      method: 'DELETE',
      path: `/api/${service}/ops/caches/:name`,
      summary: 'Clear a cache; of one that is not shared, the part of the answering process',
      access: 'operator',
      params: CacheName,
      responses: { 204: Empty },
      refusals: [CACHE_NOT_FOUND, SERVICE_UNAVAILABLE],
    }),
    listCacheKeys: defineRoute({
      method: 'GET',
      path: `/api/${service}/ops/caches/:name/keys`,
      summary: 'List the keys of a cache, in no order, some perhaps twice',
      access: 'operator',
      params: CacheName,
      query: Page,
      responses: { 200: z.object({ keys: z.array(CachedKey), nextCursor: NextCursor }) },
      refusals: [CACHE_NOT_FOUND, SERVICE_UNAVAILABLE],
    }),
    getCacheEntry: defineRoute({
      method: 'GET',
      path: `/api/${service}/ops/caches/:name/entry`,
      summary: 'Get an entry of a cache',
      access: 'operator',
      params: CacheName,
      query: z.object({ key: z.string().min(1).max(1_000) }),
      responses: {
        200: CachedKey.extend({ value: z.union([z.string(), z.record(z.string(), z.string())]) }),
      },
      refusals: [CACHE_NOT_FOUND, CACHE_KEY_NOT_FOUND, SERVICE_UNAVAILABLE],
    }),
    getOutbox: defineRoute({
      method: 'GET',
      path: `/api/${service}/ops/outbox`,
      summary: 'Get the state of the outbox',
      access: 'operator',
      responses: { 200: OutboxFigures },
    }),
  }) as const
export type OpsRoutes = ReturnType<typeof opsOf>

export const authOpsRoutes = opsOf('auth')
export const eventsOpsRoutes = opsOf('events')
export const ticketsOpsRoutes = opsOf('tickets')
export const paymentsOpsRoutes = opsOf('payments')
export const notificationsOpsRoutes = opsOf('notifications')
export const analyticsOpsRoutes = opsOf('analytics')
