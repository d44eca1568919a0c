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

/**
 * The services that this one calls, with the row of the resilience table for each. A page of an archive is
 * requested once: the rebuilder retries later by itself, and a page must not take longer than the lease under
 * which it is read.
 */
const archive = ['bulkhead', 'ratePerSecond', 'responseTimeoutMs'] as const
export const callees = { ...redisAlone, events: archive, tickets: archive, payments: archive } as const

export const Environment = z.object({
  PORT: z.coerce.number().int().default(8085).describe('port to listen on'),
  ...baseEnvironment,
  ...messagingEnvironment,
  RESILIENCE: resilience(callees),
  EVENTS_URL: z
    .url()
    .default('http://event-service.eventbooking.local:8081')
    .describe('address of the event service'),
  TICKETS_URL: z
    .url()
    .default('http://ticket-service.eventbooking.local:8082')
    .describe('address of the ticket service'),
  PAYMENTS_URL: z
    .url()
    .default('http://payment-service.eventbooking.local:8083')
    .describe('address of the payment service'),
  CACHE_REDIS_URL: z
    .url()
    .optional()
    .describe('Redis that caches reads; it may evict any key. Without it, every read queries PostgreSQL'),
  CACHE_REDIS_PASSWORD: secret(
    z.string().min(1).optional().describe('password for CACHE_REDIS_URL, if the URL has none'),
  ),
  CACHE_SECONDS: z.coerce
    .number()
    .int()
    .min(1)
    .max(3_600)
    .default(60)
    .describe('longest time a read is cached'),
  CACHE_REFRESH_MS: z.coerce
    .number()
    .int()
    .min(0)
    .default(250)
    .describe(
      'shortest time between two cache invalidations of the same event, buyer or ticket, per process, in ms',
    ),
  PROJECTION_LAG_LIMIT_SECONDS: z.coerce
    .number()
    .positive()
    .default(60)
    .describe('lag of the projection from which health reports DEGRADED'),
  REBUILD_POLL_MS: z.coerce
    .number()
    .int()
    .min(50)
    .default(1_000)
    .describe('how often a process checks for a rebuild to work on, in ms'),
  REBUILD_PAUSE_MS: z.coerce
    .number()
    .int()
    .min(0)
    .max(5_000)
    .default(50)
    .describe("pause between two pages of the services' archives during a rebuild, in ms"),
})

export interface Config extends BaseConfig {
  policies: PoliciesOf<typeof callees>
  messaging: MessagingConfig
  eventsUrl: string
  ticketsUrl: string
  paymentsUrl: string
  cacheRedisUrl: string | undefined
  cacheSeconds: number
  cacheRefreshMs: number
  lagLimitSeconds: number
  rebuildPollMs: number
  rebuildPauseMs: number
}

/** Reads the environment. Throws one error that names every missing or invalid variable. */
export function loadConfig(environment: Record<string, string | undefined>): Config {
  const read = readEnvironment(Environment, environment)
  return {
    ...baseConfig('analytics-service', read),
    messaging: messagingConfig(read),
    eventsUrl: read.EVENTS_URL,
    ticketsUrl: read.TICKETS_URL,
    paymentsUrl: read.PAYMENTS_URL,
    cacheRedisUrl: read.CACHE_REDIS_URL && withPassword(read.CACHE_REDIS_URL, read.CACHE_REDIS_PASSWORD),
    cacheSeconds: read.CACHE_SECONDS,
    cacheRefreshMs: read.CACHE_REFRESH_MS,
    lagLimitSeconds: read.PROJECTION_LAG_LIMIT_SECONDS,
    rebuildPollMs: read.REBUILD_POLL_MS,
    rebuildPauseMs: read.REBUILD_PAUSE_MS,
  }
}
