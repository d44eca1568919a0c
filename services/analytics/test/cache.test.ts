import { randomUUID } from 'node:crypto'
import { eventUpdated } from '@boxoffice/contracts'
import { createBreaker, createMetrics, policies } from '@boxoffice/service-kit'
import { createWatchers } from '@boxoffice/service-kit/testing'
import { until } from '@boxoffice/testing'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import { z } from 'zod'
import { createInvalidations } from '../src/cache/invalidations.ts'
import { createReadCache, type ReadCache } from '../src/cache/read-cache.ts'
import { snapshot } from './history.ts'
import { startService, type TestService } from './start-service.ts'

// A database of Redis of its own: it is cleared.
const redisUrl = new URL(inject('redisUrl'))
redisUrl.pathname = '/9'
const Value = z.object({ value: z.int() })
const logger = { warn: vi.fn() } as never
const breakerOf = () => createBreaker('redis', policies.redis.breaker, createWatchers())

describe('the cache of reads', () => {
  let redis: Redis
  let cache: ReadCache
  const entry = () => ({ tag: `event:${randomUUID()}`, kind: 'figures', schema: Value }) as const
  beforeAll(() => {
    redis = new Redis(redisUrl.href, { commandTimeout: 1_000 })
    cache = createReadCache({ redis, breaker: breakerOf(), metrics: createMetrics('test'), seconds: 60 })
  })
  afterAll(() => redis.disconnect())

  test('gives what was loaded, until its tag is invalidated; each generation has its own', async () => {
    const one = entry()
    let value = 0
    const read = (generation: number) => cache.read(generation, one, async () => ({ value: ++value }))
    expect([await read(1), await read(1), await read(2), await read(1)]).toEqual(
      [1, 1, 2, 1].map((n) => ({ value: n })),
    )
    await cache.invalidate(1, one.tag)
    expect([await read(1), await read(1), await read(2)]).toEqual([3, 3, 2].map((n) => ({ value: n })))
  })

  test('what was read before an invalidation is not cached after it', async () => {
    const one = entry()
    const slow = cache.read(1, one, async () => {
      await cache.invalidate(1, one.tag)
      return { value: 1 }
    })
    expect(await slow).toEqual({ value: 1 })
    expect(await cache.read(1, one, async () => ({ value: 2 }))).toEqual({ value: 2 })
    expect(await cache.read(1, one, async () => ({ value: 3 }))).toEqual({ value: 2 })
  })

  test('an id is the same in whatever case it is asked for', async () => {
    const tag = `event:${randomUUID()}`
    const asked = { ...entry(), tag: `event:${tag.slice(6).toUpperCase()}` } as const
    let value = 0
    const read = () => cache.read(1, asked, async () => ({ value: ++value }))
    expect([await read(), await read()]).toEqual([{ value: 1 }, { value: 1 }])
    await cache.invalidate(1, tag as never)
    expect(await read()).toEqual({ value: 2 })
  })

  test('every instance is notified of events that change, and of nothing else', async () => {
    const other = new Redis(redisUrl.href)
    const notified = vi.fn()
    other.on('message', (_channel, tag) => notified(tag))
    await other.subscribe('analytics:changed')
    const id = randomUUID()
    for (const tag of [`user:${id}`, `ticket:${id}`, `event:${id}`] as const) await cache.invalidate(1, tag)
    await until(() =>
      expect(notified.mock.calls.flat().filter((tag) => tag.endsWith(id))).toEqual([`event:${id}`]),
    )
    other.disconnect()
  })

  test('misses of the same at once share one load; what is not there is asked for again', async () => {
    const one = entry()
    const load = vi.fn(async () => ({ value: 1 }))
    await Promise.all(Array.from({ length: 20 }, () => cache.read(1, one, load)))
    expect(load).toHaveBeenCalledTimes(1)
    const nothing = vi.fn(async () => null)
    const other = entry()
    expect([await cache.read(1, other, nothing), await cache.read(1, other, nothing)]).toEqual([null, null])
    expect(nothing).toHaveBeenCalledTimes(2)
  })

  test('entries end with the first of their tag: later entries do not make them live longer', async () => {
    const one = entry()
    await cache.read(1, one, async () => ({ value: 1 }))
    const key = `analytics:reads:1:${one.tag}`
    await redis.expire(key, 5)
    await cache.read(1, { ...one, of: 'another' }, async () => ({ value: 2 }))
    expect(await redis.hlen(key)).toBe(2)
    expect(await redis.ttl(key)).toBeLessThanOrEqual(5)
  })

  test('what the schema of another version wrote is loaded again', async () => {
    const one = entry()
    await redis.hset(`analytics:reads:1:${one.tag}`, 'figures:', '{"old":true}')
    expect(await cache.read(1, one, async () => ({ value: 1 }))).toEqual({ value: 1 })
  })

  test('while Redis is unavailable everything is read, without waiting', async () => {
    const away = new Redis('redis://127.0.0.1:1', { enableOfflineQueue: false, retryStrategy: () => null })
    away.on('error', () => {})
    const without = createReadCache({
      redis: away,
      breaker: breakerOf(),
      metrics: createMetrics('test'),
      seconds: 60,
    })
    const one = entry()
    let value = 0
    expect(await without.read(1, one, async () => ({ value: ++value }))).toEqual({ value: 1 })
    expect(await without.read(1, one, async () => ({ value: ++value }))).toEqual({ value: 2 })
    await expect(without.invalidate(1, one.tag)).rejects.toThrow()
    away.disconnect()
  })
})

test('a Redis that hangs is waited for three times, not at every read, and is tried again', async () => {
  const asked = { times: 0, hanging: true }
  const hmget = async () => {
    asked.times++
    if (asked.hanging) throw new Error('Command timed out')
    return ['epoch', null]
  }
  const breaker = createBreaker('redis', { ...policies.redis.breaker, openMs: 20 }, createWatchers())
  const redis = { hmget, eval: async () => 1 } as unknown as Redis
  const reads = createReadCache({ redis, breaker, metrics: createMetrics('test'), seconds: 60 })
  const read = (n: number) =>
    reads.read(1, { tag: `event:${n}`, kind: 'figures', schema: Value }, async () => ({ value: n }))
  for (let n = 0; n < 3; n++) expect(await read(n)).toEqual({ value: n })
  for (let n = 0; n < 50; n++) await read(n)
  expect(asked.times).toBeLessThan(50)
  asked.hanging = false
  await until(async () => {
    const before = asked.times
    await read(0)
    expect(asked.times).toBe(before + 1)
  })
  breaker.close()
})

test('invalidations of a tag go out at once, then together, the last of them always', async () => {
  const invalidate = vi.fn(async () => {})
  const invalidations = createInvalidations({ cache: { invalidate }, refreshMs: 30, logger })
  for (let n = 0; n < 50; n++) invalidations.changed([1], ['event:a'])
  invalidations.changed([1, 2], ['user:b'])
  expect(invalidate.mock.calls).toEqual([
    [1, 'event:a'],
    [1, 'user:b'],
    [2, 'user:b'],
  ])
  await until(() => expect(invalidate).toHaveBeenCalledTimes(4))
  expect(invalidate).toHaveBeenLastCalledWith(1, 'event:a')
  invalidations.changed([1], ['event:a'])
  await invalidations.close()
  expect(invalidate).toHaveBeenCalledTimes(5)
})

describe('reads of the service', () => {
  let analytics: TestService
  beforeAll(async () => {
    analytics = await startService({ CACHE_REDIS_URL: redisUrl.href })
  })
  afterAll(() => analytics?.stop())

  async function queries(): Promise<number> {
    const { values = [] } =
      (await analytics.deps.metrics.registry.getSingleMetric('read_queries_total')?.get()) ?? {}
    return values[0]?.value ?? 0
  }

  test("are cached with the organizer's identity, dropped by a sale, and cleared by operators", async () => {
    const event = await analytics.publishEvent()
    const admin = await analytics.as(['USER', 'ADMIN'])
    const params = { eventId: event.eventId }
    const sold = async () => (await analytics.visitor.countSoldTickets({ params })).body
    await until(async () => expect(await sold()).toMatchObject({ soldCount: 0 }))
    await until(async () => {
      const before = await queries()
      await sold()
      expect(await queries()).toBe(before)
    })
    await event.sell(1, [0, 1])
    await until(async () => expect(await sold()).toMatchObject({ soldCount: 2 }))
    const read = async () => (await admin.ops.getCaches({})).body.caches
    expect(await read()).toMatchObject([
      { name: 'reads', shared: true, hits: expect.any(Number), misses: expect.any(Number) },
    ])
    const keys = (await analytics.deps.redis?.keys('analytics:reads:*')) ?? []
    expect(keys.length).toBeGreaterThan(0)
    expect((await read())[0]?.entries).toBe(keys.length)
    expect(await admin.ops.clearCache({ params: { name: 'reads' } })).toMatchObject({ status: 204 })
    expect(await analytics.deps.redis?.keys('analytics:reads:*')).toEqual([])
    const before = await queries()
    await sold()
    expect(await queries()).toBeGreaterThan(before)
  })

  test("an organizer's overview takes one statement, none while unchanged, and shows each sale", async () => {
    const [first, second, third] = [
      await analytics.publishEvent(),
      await analytics.publishEvent(),
      await analytics.publishEvent(),
    ] as const
    const { organizerId } = first
    for (const each of [second, third]) {
      await each.publish(
        eventUpdated,
        { ...snapshot(each.name, { organizerId }), changed: ['name'] },
        { version: 3 },
      )
    }
    const overview = async () => {
      const { body } = await first.organizer.sales.listSales({ query: {} })
      return (body as { events: { eventId: string; soldCount: number }[] }).events
        .map(({ soldCount }) => soldCount)
        .toSorted()
    }
    await until(async () => expect(await overview()).toEqual([0, 0, 0]))
    await second.sell(1, [0, 1])
    await until(async () => expect(await overview()).toEqual([0, 0, 2]))
    await until(async () => {
      await (await analytics.as(['USER', 'ADMIN'])).ops.clearCache({ params: { name: 'reads' } })
      const before = await queries()
      await overview()
      expect(await queries()).toBe(before + 1)
      await overview()
      expect(await queries()).toBe(before + 1)
    })
  })

  test('need no Redis: without one every read asks the database', async () => {
    const without = await startService({ CACHE_REDIS_URL: undefined })
    try {
      const event = await without.publishEvent()
      await event.sell(1, [0])
      const params = { eventId: event.eventId }
      await until(async () =>
        expect((await without.visitor.countSoldTickets({ params })).body).toMatchObject({ soldCount: 1 }),
      )
      expect(without.deps.caches).toEqual([])
      expect((await without.app.inject('/actuator/health')).json().components).not.toHaveProperty('redis')
    } finally {
      await without.stop()
    }
  })
})
