import type { Writable } from 'node:stream'
import { Redis } from 'ioredis'
import { gatherWrites } from '../database/gather-writes.ts'
import type { Watchers } from '../resilience/breaker.ts'
import { traceCommands } from '../tracing/redis.ts'

const COMMAND_TIMEOUT_MS = 250

/**
 * Creates a connection to Redis that never blocks its users: a command fails after `timeoutMs` (250), and at
 * once while disconnected. Redis is optional here; callers continue if it is down. Its state is the component
 * `redis` of the service's health, together with the other connections, and a metric; `use` labels it in
 * `redis_connected`.
 */
export function createRedis(options: Watchers & { url: string; timeoutMs?: number; use: string }): Redis {
  const redis = new Redis(options.url, {
    commandTimeout: options.timeoutMs ?? COMMAND_TIMEOUT_MS,
    connectTimeout: 2_000,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    // After a fail-over the old primary is a read-only replica: reconnecting to the same name reaches the new
    // one.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
    retryStrategy: (attempt) => Math.min(2_000, 50 * 2 ** Math.min(attempt, 6)),
  })
  traceCommands(redis)
  // Commands of several callers within one tick are one write.
  redis.on('connect', () => gatherWrites((redis as unknown as { stream: Writable }).stream))
  const show = (connected: 0 | 1) => options.metrics.redisConnected.set({ use: options.use }, connected)
  show(0)
  options.health.add('redis', { required: false, check: () => redis.ping() })
  redis.on('close', () => show(0))
  let away = false
  redis.on('error', (error) => {
    if (!away) options.logger.warn({ err: error }, 'Redis is unavailable')
    away = true
  })
  redis.on('ready', () => {
    show(1)
    if (away) options.logger.info('Redis is back')
    away = false
  })
  return redis
}
