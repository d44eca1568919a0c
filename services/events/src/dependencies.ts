import { createMessaging, type Messaging } from '@boxoffice/messaging'
import { createFoundation, createRedis, type Foundation } from '@boxoffice/service-kit'
import { PrismaPg } from '@prisma/adapter-pg'
import type { Redis } from 'ioredis'
import { createEventCache, type EventCache } from './cache/event-cache.ts'
import type { Config } from './config.ts'
import { PrismaClient } from './generated/prisma/client.ts'
import { createShownPlans, type ShowPlan } from './seating/shown-plans.ts'

export interface Dependencies extends Foundation {
  config: Config
  prisma: PrismaClient
  redis: Redis
  cache: EventCache
  /** For operators. */
  caches: EventCache['caches']
  showPlan: ShowPlan
  messaging: Messaging
  close(): Promise<void>
}

export function createDependencies(config: Config, userKeys?: Parameters<typeof createFoundation>[1]): Dependencies {
  const foundation = createFoundation(config, userKeys)
  const { pool, metrics } = foundation
  const { waitMs, statementTimeoutMs } = config.databaseLimits
  const transactionOptions = { maxWait: waitMs, timeout: statementTimeoutMs }
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool), transactionOptions })
  const redis = createRedis({
    ...foundation,
    url: config.cacheRedisUrl,
    timeoutMs: config.redisTimeoutMs,
    use: 'cache',
  })
  const messaging = createMessaging(foundation, config.messaging)
  const cache = createEventCache({ redis, registry: metrics.registry, ...config })
  return {
    ...foundation,
    config,
    prisma,
    redis,
    cache,
    caches: cache.caches,
    showPlan: createShownPlans({ db: prisma, bytesMax: config.planCacheBytes }),
    messaging,
    async close() {
      await prisma.$disconnect()
      messaging.close()
      foundation.revocations.close()
      redis.disconnect()
      await pool.end()
    },
  }
}
