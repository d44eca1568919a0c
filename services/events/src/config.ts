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

/** Whom this service calls, and the figures of the resilience table that it obeys for each. */
export const callees = {
  ...redisAlone,
  // An organizer waits meanwhile, and the messages say it too: once, and for TICKETS_TIMEOUT_MS.
  tickets: ['bulkhead', 'ratePerSecond'],
} as const

export const Environment = z.object({
  PORT: z.coerce.number().int().default(8081).describe('port to listen on'),
  ...baseEnvironment,
  ...messagingEnvironment,
  RESILIENCE: resilience(callees),
  CACHE_REDIS_URL: z.url().describe('the Redis that caches reads; it may drop what it likes'),
  CACHE_REDIS_PASSWORD: secret(
    z.string().min(1).optional().describe('password of CACHE_REDIS_URL, where that has none'),
  ),
  TICKETS_URL: z
    .url()
    .default('http://ticket-service.eventbooking.local:8082')
    .describe('where the ticket service is'),
  TICKETS_TIMEOUT_MS: z.coerce
    .number()
    .int()
    .min(1)
    .default(1_000)
    .describe(
      'how long the ticket service may take to take in a change, or to count tickets, in ms; nothing depends on it',
    ),
  EVENT_CACHE_SECONDS: z.coerce
    .number()
    .int()
    .min(1)
    .default(60)
    .describe('how long an event is cached at most'),
  LIST_CACHE_SECONDS: z.coerce
    .number()
    .int()
    .min(1)
    .default(10)
    .describe('how long a page of the list is cached at most'),
  PLAN_CACHE_MEGABYTES: z.coerce
    .number()
    .min(0)
    .default(32)
    .describe('how much of seating plans each process keeps in memory'),
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

/** The only reader of the environment. Throws with every missing or wrong variable named. */
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
