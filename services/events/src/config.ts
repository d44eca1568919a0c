import { type MessagingConfig, messagingConfig, messagingEnvironment } from '@boxoffice/messaging'
import {
  type BaseConfig,
  baseConfig,
  baseEnvironment,
  type PoliciesOf,
  readEnvironment,
  redisAlone,
  resilience,
  secret,
  withPassword,
} from '@boxoffice/service-kit'
import { z } from 'zod'

/** The services that this one calls, and the settings of the resilience table that apply to each. */
export const callees = {
  ...redisAlone,
  // An organizer waits for it, and messages repeat it: one attempt, within TICKETS_TIMEOUT_MS.
  tickets: ['bulkhead', 'ratePerSecond'],
} as const

export const Environment = z.object({
  PORT: z.coerce.number().int().default(8081).describe('port to listen on'),
  ...baseEnvironment,
  ...messagingEnvironment,
  RESILIENCE: resilience(callees),
  CACHE_REDIS_URL: z.url().describe('Redis that caches reads; it may evict anything'),
  CACHE_REDIS_PASSWORD: secret(
    z.string().min(1).optional().describe('password of CACHE_REDIS_URL, if the URL has none'),
  ),
  TICKETS_URL: z
    .url()
    .default('http://ticket-service.eventbooking.local:8082')
    .describe('address of the ticket service'),
  TICKETS_TIMEOUT_MS: z.coerce
    .number()
    .int()
    .min(1)
    .default(1_000)
    .describe(
      'timeout of synchronous calls to the ticket service (replica updates, ticket counts), in ms; ' +
        'they are optional',
    ),
  EVENT_CACHE_SECONDS: z.coerce
    .number()
    .int()
    .min(1)
    .default(60)
    .describe('maximum lifetime of a cached event'),
  LIST_CACHE_SECONDS: z.coerce
    .number()
    .int()
    .min(1)
    .default(10)
    .describe('maximum lifetime of a cached page of the list'),
  PLAN_CACHE_MEGABYTES: z.coerce
    .number()
    .min(0)
    .default(32)
    .describe('memory of each process for cached seating plans'),
})

export interface Config extends BaseConfig {
  policies: PoliciesOf<typeof callees>
  messaging: MessagingConfig
  ticketsUrl: string
  ticketsTimeoutMs: number
  cacheRedisUrl: string
  eventCacheSeconds: number
  listCacheSeconds: number
  planCacheBytes: number
}

/** Reads the environment; nothing else does. Throws with every missing or invalid variable named. */
export function loadConfig(environment: Record<string, string | undefined>): Config {
  const read = readEnvironment(Environment, environment)
  return {
    ...baseConfig('event-service', read),
    messaging: messagingConfig(read),
    ticketsUrl: read.TICKETS_URL,
    ticketsTimeoutMs: read.TICKETS_TIMEOUT_MS,
    cacheRedisUrl: withPassword(read.CACHE_REDIS_URL, read.CACHE_REDIS_PASSWORD),
    eventCacheSeconds: read.EVENT_CACHE_SECONDS,
    listCacheSeconds: read.LIST_CACHE_SECONDS,
    planCacheBytes: read.PLAN_CACHE_MEGABYTES * 1_048_576,
  }
}
