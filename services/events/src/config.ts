import { type MessagingConfig, messagingConfig, messagingEnvironment } from '@boxoffice/messaging'
import { type BaseConfig, baseConfig, baseEnvironment, readEnvironment, secret, withPassword } from '@boxoffice/service-kit'
import { z } from 'zod'

export const Environment = z.object({
  PORT: z.coerce.number().int().default(8081).describe('port to listen on'),
  ...baseEnvironment,
  ...messagingEnvironment,
  CACHE_REDIS_URL: z.url().describe('the Redis that caches reads; it may drop what it likes'),
  CACHE_REDIS_PASSWORD: secret(z.string().min(1).optional().describe('password of CACHE_REDIS_URL, where that has none')),
  EVENT_CACHE_SECONDS: z.coerce.number().int().min(1).default(60).describe('how long an event is cached at most'),
  LIST_CACHE_SECONDS: z.coerce.number().int().min(1).default(10).describe('how long a page of the list is cached at most'),
  PLAN_CACHE_MEGABYTES: z.coerce.number().min(0).default(32).describe('how much of seating plans each process keeps in memory'),
  EVENT_LENGTH_HOURS: z.coerce
    .number()
    .min(0)
    .max(240)
    .default(12)
    .describe('how long after its beginning an event is over that has no endDate'),
})

export interface Config extends BaseConfig {
  messaging: MessagingConfig
  cacheRedisUrl: string
  eventCacheSeconds: number
  listCacheSeconds: number
  planCacheBytes: number
  eventLengthMs: number
}

/** The only reader of the environment. Throws with every missing or wrong variable named. */
export function loadConfig(environment: Record<string, string | undefined>): Config {
  const read = readEnvironment(Environment, environment)
  return {
    ...baseConfig('event-service', read),
    messaging: messagingConfig(read),
    cacheRedisUrl: withPassword(read.CACHE_REDIS_URL, read.CACHE_REDIS_PASSWORD),
    eventCacheSeconds: read.EVENT_CACHE_SECONDS,
    listCacheSeconds: read.LIST_CACHE_SECONDS,
    planCacheBytes: read.PLAN_CACHE_MEGABYTES * 1_048_576,
    eventLengthMs: read.EVENT_LENGTH_HOURS * 3_600_000,
  }
}
