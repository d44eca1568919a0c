import { createTestAuthority, withoutPatience } from '@boxoffice/service-kit/testing'
import { expect, test } from 'vitest'
import { loadConfig } from './config.ts'

const { environment } = await createTestAuthority()
const needed = {
  ...withoutPatience(environment('event-service')),
  DATABASE_URL: 'postgres://127.0.0.1/events',
  CACHE_REDIS_URL: 'redis://127.0.0.1',
}

test('timeouts nest: Redis, locks, statements, and cache lifetimes', () => {
  const { databaseLimits, redisTimeoutMs, listCacheSeconds, eventCacheSeconds } = loadConfig(needed)
  expect(redisTimeoutMs).toBeLessThan(databaseLimits.waitMs)
  expect(databaseLimits.lockTimeoutMs).toBeLessThan(databaseLimits.statementTimeoutMs)
  expect(listCacheSeconds).toBeLessThanOrEqual(eventCacheSeconds)
})
