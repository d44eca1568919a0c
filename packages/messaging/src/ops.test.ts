import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { hostname } from 'node:os'
import { SendMessageCommand } from '@aws-sdk/client-sqs'
import { ticketsRejected } from '@boxoffice/contracts'
import { createRedis, keysOf, memoryKeys, noReads } from '@boxoffice/service-kit'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { startOperatedService } from '../test/operated-service.ts'
import { on } from './consumer.ts'

async function start() {
  const reads = { hits: 3, misses: 1 }
  const noRedis = () => Promise.reject(new Error('no Redis'))
  const noKeys = { count: noRedis, clear: noRedis, list: noRedis, find: noRedis }
  const prefix = `prices-${randomUUID()}:`
  const formats = new Map([['pl', 'zł']])
  const inMemory = memoryKeys({ kept: formats, shown: (text) => ({ text }) })
  let redis: ReturnType<typeof createRedis> | undefined
  const service = await startOperatedService((foundation) => {
    redis = createRedis({ ...foundation, url: inject('redisUrl'), timeoutMs: 30_000, use: 'test' })
    return {
      caches: [
        { name: 'prices', shared: true, reads, keys: keysOf(redis, `${prefix}*`) },
        { name: 'away', shared: true, reads, keys: noKeys },
        { name: 'formats', shared: false, reads: noReads(), keys: inMemory },
      ],
    }
  })
  if (!redis) throw new Error('no Redis')
  await once(redis, 'ready')
  const failing = on(ticketsRejected, async () => {
    throw new Error('not today')
  })
  const consumer = service.messaging.consume('payment-processing-queue', [failing])
  return { ...service, redis, prefix, consumer }
}
let it: Awaited<ReturnType<typeof start>>
beforeAll(async () => {
  it = await start()
})
afterAll(async () => {
  await it.close()
  await it.redis.quit()
})

test('lists the queues of a service with their depth and dead letters', async () => {
  await it.aws.sqs.send(
    new SendMessageCommand({
      QueueUrl: await it.aws.queueUrl('payment-processing-dlq'),
      MessageBody: 'dead',
    }),
  )
  expect((await it.operator.getQueues({})).body).toEqual({
    queues: [
      {
        queue: 'payment-processing-queue',
        running: false,
        visible: 0,
        inFlight: 0,
        visibilitySeconds: 60,
        maxReceives: 3,
        deadLetterQueue: 'payment-processing-dlq',
        deadLetters: 1,
      },
    ],
  })
})

test('lists each handler before its first message, and its last error afterwards', async () => {
  const before = (await it.operator.getHandlers({})).body as { handlers: unknown[] }
  expect(before.handlers).toMatchObject([
    { eventType: 'TICKETS_REJECTED', done: 0, failed: 0, averageMs: null, lastAt: null },
  ])
  it.messaging.relay.start()
  it.consumer.start()
  await it.reject()
  await until(async () => {
    const { body } = await it.operator.getHandlers({})
    expect(body).toMatchObject({
      handlers: [{ done: 0, failed: 1, lastError: 'not today', lastAt: expect.any(Date) }],
    })
  })
  expect((await it.operator.getQueues({})).body).toMatchObject({ queues: [{ running: true }] })
  await it.consumer.stop()
  await it.messaging.relay.stop()
})

test('shows what waits to be published, and what fails', async () => {
  expect((await it.operator.getOutbox({})).body).toMatchObject({
    unpublished: 0,
    oldestUnpublishedSeconds: 0,
    failing: [],
  })
  const messageId = randomUUID()
  await it.foundation.pool.query(
    `insert into outbox (message_id, topic, event_type, body, attributes, archivable, attempts, created_at)
     values ($1, 'payment-events', 'ORDER_CANCELLED', '{}', '{}', true, 4,
       clock_timestamp() - interval '90 s')`,
    [messageId],
  )
  const { body } = await it.operator.getOutbox({})
  expect(body).toMatchObject({
    unpublished: 1,
    failing: [{ messageId, eventType: 'ORDER_CANCELLED', attempts: 4 }],
  })
  expect((body as { oldestUnpublishedSeconds: number }).oldestUnpublishedSeconds).toBeGreaterThanOrEqual(90)
})

test('shows how caches perform, and clears one by name', async () => {
  await it.redis.mset({ [`${it.prefix}one`]: '1', [`${it.prefix}two`]: '2' })
  const figures = { hits: 3, misses: 1, hitRate: 0.75 }
  expect((await it.operator.getCaches({})).body).toEqual({
    instance: `${hostname()}:${process.pid}`,
    caches: [
      { name: 'prices', ...figures, entries: 2, shared: true },
      { name: 'away', ...figures, entries: null, shared: true },
      { name: 'formats', hits: 0, misses: 0, hitRate: null, entries: 1, shared: false },
    ],
  })
  expect((await it.operator.clearCache({ params: { name: 'prices' } })).status).toBe(204)
  expect(await it.redis.keys(`${it.prefix}*`)).toEqual([])
  expect(await it.operator.clearCache({ params: { name: 'away' } })).toMatchObject({
    status: 503,
    body: { error: 'SERVICE_UNAVAILABLE' },
  })
  expect(await it.operator.clearCache({ params: { name: 'other' } })).toMatchObject({
    status: 404,
    body: { error: 'CACHE_NOT_FOUND' },
  })
})

test('lists the keys of a cache in pages, and the value of one', async () => {
  const { prefix, redis } = it
  await redis.mset(Object.fromEntries(Array.from({ length: 2_000 }, (_, n) => [`${prefix}${n}`, `${n} EUR`])))
  await redis.hset(`${prefix}hash`, { json: '{}', version: '3' })
  await redis.expire(`${prefix}hash`, 1_000)
  await redis.set(`other-${prefix}`, 'not of this cache')
  const keys = new Set<string>()
  let pages = 0
  for (let cursor: string | null | undefined; cursor !== null; pages++) {
    const { body } = await it.operator.listCacheKeys({
      params: { name: 'prices' },
      query: { limit: 100, ...(cursor && { cursor }) },
    })
    const page = body as { keys: { key: string; ttlSeconds: number | null }[]; nextCursor: string | null }
    for (const { key } of page.keys) keys.add(key)
    cursor = page.nextCursor
  }
  expect(pages).toBeGreaterThan(1)
  expect(keys.size).toBe(2_001)
  expect([...keys].every((key) => key.startsWith(prefix))).toBe(true)

  const entry = (key: string) => it.operator.getCacheEntry({ params: { name: 'prices' }, query: { key } })
  expect((await entry(`${prefix}7`)).body).toEqual({ key: `${prefix}7`, ttlSeconds: null, value: '7 EUR' })
  expect((await entry(`${prefix}hash`)).body).toEqual({
    key: `${prefix}hash`,
    ttlSeconds: expect.any(Number),
    value: { json: '{}', version: '3' },
  })
  for (const key of [`${prefix}none`, `other-${prefix}`]) {
    expect(await entry(key)).toMatchObject({ status: 404, body: { error: 'CACHE_KEY_NOT_FOUND' } })
  }
  const away = await it.operator.listCacheKeys({ params: { name: 'away' }, query: {} })
  expect(away).toMatchObject({ status: 503, body: { error: 'SERVICE_UNAVAILABLE' } })
})

test('refuses everyone but operators', async () => {
  const { getQueues, getHandlers, getCaches, getOutbox } = it.stranger
  for (const ask of [getQueues, getHandlers, getCaches, getOutbox]) {
    await expect(ask({})).rejects.toMatchObject({ status: 403 })
  }
  await it.redis.set(`${it.prefix}kept`, '1')
  const { clearCache, listCacheKeys, getCacheEntry } = it.stranger
  const params = { name: 'prices' }
  await expect(clearCache({ params })).rejects.toMatchObject({ status: 403 })
  await expect(listCacheKeys({ params, query: {} })).rejects.toMatchObject({ status: 403 })
  await expect(getCacheEntry({ params, query: { key: `${it.prefix}kept` } })).rejects.toMatchObject({
    status: 403,
  })
  expect(await it.redis.get(`${it.prefix}kept`)).toBe('1')
})
