import * as z from 'zod'
import { MessageId } from '../values/ids.ts'
import type { ServiceKey } from '../values/services.ts'
import { Instant } from '../values/text.ts'
import { defineRoute, Empty, NextCursor, Page } from './define-route.ts'
import { CACHE_KEY_NOT_FOUND, CACHE_NOT_FOUND, SERVICE_UNAVAILABLE, VALIDATION_FAILED } from './refusals.ts'

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

const Name = z.string().regex(/^[\w.-]{1,100}$/)
/** A message that a service wrote, without its body. */
export const OutboxMessage = z.object({
  messageId: MessageId,
  topic: z.string().meta({ description: 'or the queue of a command' }),
  eventType: z.string(),
  correlationId: z.string().nullable(),
  attempts: z
    .int()
    .meta({ description: 'attempts to publish it; 0 in the archive, which does not keep them' }),
  createdAt: Instant.meta({ description: 'when it was written, or put back to be published again' }),
  publishedAt: Instant.optional(),
  leasedUntil: Instant.optional().meta({
    description: 'unpublished: until then one process publishes it, or it waits after a failure',
  }),
  archived: z.boolean(),
})
export type OutboxMessage = z.output<typeof OutboxMessage>

/** Messages that a service published, to be published again. */
export const Republishing = z.strictObject({
  since: Instant.meta({ description: 'published at this time or later' }),
  until: Instant.optional().meta({ description: 'and before this time; now by default' }),
  topic: Name.optional().meta({
    description: 'by default every topic that a queue subscribes to; a command queue is refused',
  }),
  eventType: Name.optional(),
  messageId: MessageId.optional(),
  dryRun: z.boolean().meta({ description: 'whether to count them only' }),
})
export type Republishing = z.output<typeof Republishing>
export const Republished = z.object({
  matched: z.int(),
  republished: z.int(),
  byType: z
    .array(z.object({ topic: z.string(), eventType: z.string(), count: z.int() }))
    .meta({ description: 'the matched ones, by topic and type' }),
})
export type Republished = z.output<typeof Republished>

const outboxOf = (service: ServiceKey) =>
  ({
    getOutbox: defineRoute({
      method: 'GET',
      path: `/api/${service}/ops/outbox`,
      summary: 'Get the state of the outbox',
      access: 'operator',
      responses: { 200: OutboxFigures },
    }),
    listOutbox: defineRoute({
      method: 'GET',
      path: `/api/${service}/ops/outbox/messages`,
      summary: 'List unpublished messages, oldest first, or all including the archive, newest first',
      access: 'operator',
      query: Page.extend({
        state: z.enum(['unpublished', 'all']).default('unpublished'),
        since: Instant.optional().meta({ description: 'written at this time or later' }),
        topic: Name.optional(),
        eventType: Name.optional(),
      }),
      responses: { 200: z.object({ messages: z.array(OutboxMessage), nextCursor: NextCursor }) },
    }),
    republishOutbox: defineRoute({
      method: 'POST',
      path: `/api/${service}/ops/outbox/republish`,
      summary: 'Publish messages again, for consumers that lost them; the others ignore them. Safe to repeat',
      access: 'operator',
      idempotency: 'none',
      body: Republishing,
      responses: { 200: Republished },
      refusals: [VALIDATION_FAILED, SERVICE_UNAVAILABLE],
    }),
  }) as const

const TRACED_MAX = 100
const TRACE_ENTRIES_MAX = 500
const RELATED_MAX = 200
export const traceLimits = { entriesMax: TRACE_ENTRIES_MAX, relatedMax: RELATED_MAX } as const

const Related = z.array(z.uuid()).max(RELATED_MAX)
/** Ids that were found together with those that a trace began with, and these, by kind. */
export const RelatedIds = z.object({
  orderIds: Related,
  ticketIds: Related,
  messageIds: Related,
  correlationIds: Related,
})
export type RelatedIds = z.output<typeof RelatedIds>

/** Something that a service has recorded. */
export const TraceEntry = z.object({
  at: Instant,
  kind: z.enum([
    'WRITTEN',
    'PUBLISHED',
    'HANDLED',
    'SAGA',
    'RESERVATION',
    'TICKET',
    'DELIVERY',
    'DEAD_LETTER',
    'WEBHOOK',
  ]),
  what: z.string().meta({ description: 'such as `ORDER_CONFIRMED to payment-events`, `CHARGE STARTED`' }),
  messageId: z.string().optional(),
  correlationId: z.string().optional(),
  orderId: z.string().optional(),
  ticketId: z.string().optional(),
  queue: z.string().optional(),
  detail: z.string().optional(),
})
export type TraceEntry = z.output<typeof TraceEntry>

const traceOf = (service: ServiceKey) =>
  ({
    trace: defineRoute({
      method: 'POST',
      path: `/api/${service}/ops/trace`,
      summary: 'Get what this service recorded about orders, tickets, messages and correlation ids',
      access: 'operator',
      idempotency: 'none',
      body: z.strictObject({ ids: z.array(z.uuid()).min(1).max(TRACED_MAX) }),
      responses: {
        200: z.object({
          related: RelatedIds,
          entries: z.array(TraceEntry).max(TRACE_ENTRIES_MAX).meta({ description: 'in the order of time' }),
          truncated: z.boolean().meta({ description: 'whether there is more' }),
        }),
      },
    }),
  }) as const

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
    ...outboxOf(service),
    ...traceOf(service),
  }) as const
export type OpsRoutes = ReturnType<typeof opsOf>

export const authOpsRoutes = opsOf('auth')
export const eventsOpsRoutes = opsOf('events')
export const ticketsOpsRoutes = opsOf('tickets')
export const paymentsOpsRoutes = opsOf('payments')
export const notificationsOpsRoutes = opsOf('notifications')
export const analyticsOpsRoutes = opsOf('analytics')
