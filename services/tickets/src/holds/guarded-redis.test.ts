import type { EventId } from '@boxoffice/contracts'
import { policies } from '@boxoffice/service-kit'
import { createWatchers } from '@boxoffice/service-kit/testing'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { guardRedis } from './guarded-redis.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** Redis behind its breaker, failing at first. */
function start() {
  const watchers = createWatchers()
  const guarded = guardRedis(policies.redis, watchers)
  const redis = { calls: 0, error: new Error('away') as Error | null }
  const call = async () => {
    redis.calls++
    if (redis.error) throw redis.error
    return 'answer'
  }
  return {
    guarded,
    redis,
    call: () => guarded('event' as EventId, call),
    health: () => watchers.health.components().redis?.check(),
  }
}

test('is not called for two seconds after three failures in a row, then one call tries', async () => {
  const { redis, call, health } = start()
  for (let times = 0; times < 5; times++) expect(await call()).toBeNull()
  expect(redis.calls).toBe(3)
  expect(await health()).toBe('DEGRADED')
  vi.advanceTimersByTime(2_000)
  expect(await Promise.all([call(), call()])).toEqual([null, null])
  expect(redis.calls).toBe(4)
  vi.advanceTimersByTime(2_000)
  redis.error = null
  expect(await call()).toBe('answer')
  expect(await health()).toBe('UP')
  expect(await call()).toBe('answer')
})

test('is still called after a database failure during a rebuild', async () => {
  const { redis, call, health } = start()
  redis.error = Object.assign(new Error('lock timeout'), { code: '55P03' })
  for (let times = 0; times < 5; times++) expect(await call()).toBeNull()
  expect(redis.calls).toBe(5)
  expect(await health()).toBe('UP')
})
