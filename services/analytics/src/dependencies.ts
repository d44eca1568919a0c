import { createMessaging, type Messaging } from '@boxoffice/messaging'
import { createBreaker, createFoundation, createRedis, type Foundation } from '@boxoffice/service-kit'
import type { Redis } from 'ioredis'
import { createInvalidations, type Invalidations } from './cache/invalidations.ts'
import { createNotices, noNotices } from './cache/notices.ts'
import { createReadCache, noCache, type ReadCache } from './cache/read-cache.ts'
import type { Config } from './config.ts'
import { createLag, type Lag } from './lag/lag.ts'
import { type CountProjected, createCountProjected } from './projection/consumers.ts'
import { createServedGeneration } from './projection/served-generation.ts'
import { createEventAccess, type EventAccess } from './reading/event-access.ts'
import { countingStatements, createRead } from './reading/reads.ts'
import { createTicketReads, type TicketReads } from './reading/ticket-reads.ts'
import { createArchives } from './rebuilds/archives.ts'
import { measureRebuilds } from './rebuilds/metrics.ts'
import { createRebuilder, type Rebuilder } from './rebuilds/rebuilder.ts'
import { createSalesReads, type SalesReads } from './sales/sales-reads.ts'
import { createSalesWatch, type WatchSales } from './sales/sales-watch.ts'

export interface Dependencies extends Foundation {
  config: Config
  messaging: Messaging
  /** Null if reads are not cached. */
  redis: Redis | null
  /** For operators. */
  caches: ReadCache['caches']
  invalidations: Invalidations
  lag: Lag
  access: EventAccess
  tickets: TicketReads
  sales: SalesReads
  watchSales: WatchSales
  countProjected: CountProjected
  rebuilder: Rebuilder
  close(): Promise<void>
}

export function createDependencies(
  config: Config,
  userKeys?: Parameters<typeof createFoundation>[1],
): Dependencies {
  const foundation = createFoundation(config, userKeys)
  const { pool, db, logger, metrics, now, newId } = foundation
  const messaging = createMessaging(foundation, config.messaging)

  const url = config.cacheRedisUrl
  const redis = url
    ? createRedis({ ...foundation, url, timeoutMs: config.redisTimeoutMs, use: 'cache' })
    : null
  const notices = url ? createNotices({ ...foundation, url }) : noNotices
  const breaker = redis && createBreaker('redis', config.policies.redis.breaker, foundation)
  const cache =
    redis && breaker ? createReadCache({ redis, breaker, metrics, seconds: config.cacheSeconds }) : noCache
  const invalidations = createInvalidations({ cache, refreshMs: config.cacheRefreshMs, logger })

  const sql = countingStatements(db, metrics)
  const served = createServedGeneration(sql)
  const read = createRead({ sql, cache, served })
  const access = createEventAccess(read)
  const sales = createSalesReads({ read, now })
  const watchSales = createSalesWatch({
    notices,
    async load(eventId, interval) {
      const event = await access.find(eventId)
      return event && sales.reportOn(event, interval)
    },
  })

  const countProjected = createCountProjected(metrics)
  const archives = createArchives(config, foundation)
  measureRebuilds(db, metrics)
  const rebuilder = createRebuilder({
    db,
    archives,
    onSwitched: served.changed,
    countProjected,
    metrics,
    logger,
    newId,
    intervalMs: config.rebuildPollMs,
    pauseMs: config.rebuildPauseMs,
  })

  return {
    ...foundation,
    config,
    messaging,
    redis,
    caches: cache.caches,
    invalidations,
    lag: createLag({ queueDepth: messaging.queueDepth, now, logger, metrics }),
    access,
    tickets: createTicketReads(read),
    sales,
    watchSales,
    countProjected,
    rebuilder,
    async close() {
      await invalidations.close()
      await archives.close()
      messaging.close()
      foundation.revocations.close()
      notices.close()
      breaker?.close()
      redis?.disconnect()
      await pool.end()
    },
  }
}
