import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { keysOf } from './redis-keys.ts'

let redis: Redis
beforeAll(() => {
  // A database of Redis of its own: it is counted.
  const url = new URL(inject('redisUrl'))
  url.pathname = '/11'
  redis = new Redis(url.href)
})
afterAll(async () => {
  await redis.flushdb()
  await redis.quit()
})

const fill = (prefix: string, count: number) =>
  redis.mset(Object.fromEntries(Array.from({ length: count }, (_, n) => [`${prefix}${n}`, '1'])))

test('counts the keys of its pattern, none twice', async () => {
  const prefix = `counted{${randomUUID()}}.`
  expect(await keysOf(redis, `${prefix}*`).count()).toEqual({ entries: 0, estimated: false })
  await fill(prefix, 3_000)
  await fill(`other-${prefix}`, 1_000)
  expect(await keysOf(redis, `${prefix}*`).count()).toEqual({ entries: 3_000, estimated: false })
  await redis.del(`${prefix}7`)
  expect(await keysOf(redis, `${prefix}*`).count()).toEqual({ entries: 2_999, estimated: false })
})

test('estimates them from a sample where Redis has very many keys', async () => {
  await redis.flushdb()
  await fill('one:', 10_000)
  await fill('two:', 30_000)
  const { entries, estimated } = await keysOf(redis, 'one:*', { countedMax: 1_000 }).count()
  expect(estimated).toBe(true)
  expect(entries).toBeGreaterThan(8_000)
  expect(entries).toBeLessThan(12_000)
})
