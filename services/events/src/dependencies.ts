import { ticketsOfEventRoutes } from '@boxoffice/contracts'
import { createMessaging, type Messaging } from '@boxoffice/messaging'
import {
  type Cache,
  createBreaker,
  createFoundation,
  createInternalClient,
  createPrismaDatabase,
  createRedis,
  type Foundation,
} from '@boxoffice/service-kit'
import { PrismaPg } from '@prisma/adapter-pg'
import type { Redis } from 'ioredis'
import { createEventCache, type EventCache } from './cache/event-cache.ts'
import { createTicketsOfEvent, type TicketsOfEvent } from './catalog/tickets-of-event.ts'
import type { Config } from './config.ts'
import type { Database } from './database.ts'
import { type Prisma, PrismaClient } from './generated/prisma/client.ts'
import { createPlanReader, type PlanReader } from './seating/plan-reader.ts'
import { createShownPlans, type FindShownPlan } from './seating/shown-plans.ts'

export interface Dependencies extends Omit<Foundation, 'db'> {
  config: Config
  db: Database
  redis: Redis
  cache: EventCache
  /** For operators. */
  caches: readonly Cache[]
  showPlan: FindShownPlan
  plans: PlanReader
  tickets: TicketsOfEvent
  messaging: Messaging
  close(): Promise<void>
}

export function createDependencies(
  config: Config,
  userKeys?: Parameters<typeof createFoundation>[1],
): Dependencies {
  const foundation = createFoundation(config, userKeys)
  const { pool, logger, metrics } = foundation
  const { waitMs, statementTimeoutMs } = config.databaseLimits
  const transactionOptions = { maxWait: waitMs, timeout: statementTimeoutMs }
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool), transactionOptions })
  const db = createPrismaDatabase<Prisma.TransactionClient>({ prisma, logger })
  const redis = createRedis({
    ...foundation,
    url: config.cacheRedisUrl,
    timeoutMs: config.redisTimeoutMs,
    use: 'cache',
  })
  const breaker = createBreaker('redis', config.policies.redis.breaker, foundation)
  const messaging = createMessaging(foundation, config.messaging)
  const cache = createEventCache({ redis, breaker, registry: metrics.registry, ...config })
  const tickets = createInternalClient(ticketsOfEventRoutes, {
    ...foundation,
    callee: 'tickets',
    baseUrl: config.ticketsUrl,
    policy: config.policies.tickets,
    responseTimeoutMs: config.ticketsTimeoutMs,
  })
  const plans = createPlanReader()
  const showPlan = createShownPlans({ db, bytesMax: config.planCacheBytes })
  return {
    ...foundation,
    config,
    db,
    redis,
    cache,
    caches: [...cache.caches, showPlan.cache],
    showPlan,
    plans,
    messaging,
    tickets: createTicketsOfEvent(tickets, logger),
    async close() {
      await Promise.all([tickets.close(), plans.close()])
      await prisma.$disconnect()
      messaging.close()
      foundation.revocations.close()
      breaker.close()
      redis.disconnect()
      await pool.end()
    },
  }
}
