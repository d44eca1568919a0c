import { type EventId, ticketsOpsRoutes } from '@boxoffice/contracts'
import { injectClient, redisIsThere } from '@boxoffice/service-kit/testing'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { buyer } from './people.ts'
import { best, reserveFor, seats } from './requests.ts'
import { startService, type TestService } from './start-service.ts'

let setting: TestService
let redis: Redis
let ops: Awaited<ReturnType<typeof operatorOf>>

const operatorOf = async () =>
  injectClient(setting.app, ticketsOpsRoutes, (await setting.authority.user(['USER', 'ADMIN'])).headers)
const figures = async (name: string) => {
  const { caches } = (await ops.getCaches({})).body
  return caches.find((cache) => cache.name === name)
}
const clear = async (name: string) =>
  expect(await ops.clearCache({ params: { name } })).toMatchObject({ status: 204 })
const entry = async (name: string, key: string) =>
  (await ops.getCacheEntry({ params: { name }, query: { key } })).body

beforeAll(async () => {
  // A database of Redis of its own: it is counted.
  const redisUrl = new URL(inject('redisUrl'))
  redisUrl.pathname = '/12'
  redis = new Redis(redisUrl.href)
  await redis.flushdb()
  setting = await startService({ REDIS_URL: redisUrl.href, OFFER_CACHE_MS: '60000' })
  await redisIsThere(setting.deps.metrics)
  ops = await operatorOf()
})
afterAll(async () => {
  await setting?.close()
  await redis?.quit()
})

test('operators see which events have cached availability, and a cleared one is rebuilt', async () => {
  expect(await figures('availability')).toMatchObject({ shared: true, entries: 0 })
  const { eventId, typeId } = await setting.offerSeats([[3]])
  await reserveFor(setting, eventId, seats(typeId, '1-A-1'))
  await setting.offerSeats([[3]])
  const before = await figures('availability')
  const epochs = async () => (await redis.keys('tickets:*:epoch')).length
  expect(before).toMatchObject({ entries: await epochs(), misses: expect.any(Number) })
  await clear('availability')
  expect(await figures('availability')).toMatchObject({ entries: 0 })
  const taken = await reserveFor(setting, eventId, seats(typeId, '1-A-1'))
  expect(taken.answer).toMatchObject({ status: 409 })
  expect(await setting.deps.availabilityCache.readSeatMap(eventId)).toMatchObject({ statuses: 'h..' })
  expect(await figures('availability')).toMatchObject({
    entries: 1,
    misses: (before?.misses ?? 0) + 1,
    hits: expect.any(Number),
  })
})

test('the caches of a process in memory report their entries, and can be cleared', async () => {
  for (const name of ['seat-maps', 'seating-plans', 'offers', 'ticket-pdfs']) await clear(name)
  const { eventId, typeId } = await setting.offerSeats([[4]])
  const { client, ticketId, headers } = await buyer(setting, eventId, seats(typeId, '1-A-1'))
  await client.getSeatMap({ query: { eventId } })
  const pdf = () => setting.app.inject({ url: `/api/tickets/${ticketId}/ticket.pdf`, headers })
  expect((await pdf()).statusCode).toBe(200)
  const before = await figures('ticket-pdfs')
  expect((await pdf()).statusCode).toBe(200)
  expect(await figures('ticket-pdfs')).toMatchObject({
    shared: false,
    entries: 1,
    hits: (before?.hits ?? 0) + 1,
    misses: before?.misses,
  })
  await reserveFor(setting, eventId, best(typeId, 1))
  for (const name of ['seat-maps', 'seating-plans', 'offers']) {
    expect(await figures(name), name).toMatchObject({ shared: false, entries: 1 })
    expect(await entry(name, eventId), name).toMatchObject({ key: eventId, value: expect.any(Object) })
    await clear(name)
    expect(await figures(name), name).toMatchObject({ entries: 0 })
  }
})

test('an offer is read again after its cache was cleared', async () => {
  const { eventId, typeId } = await setting.offer(10)
  const hold = (eventId: EventId) => reserveFor(setting, eventId, [{ ticketTypeId: typeId, quantity: 1 }])
  await hold(eventId)
  const before = await figures('offers')
  await hold(eventId)
  expect(await figures('offers')).toMatchObject({ hits: (before?.hits ?? 0) + 1, misses: before?.misses })
  await clear('offers')
  await hold(eventId)
  expect(await figures('offers')).toMatchObject({ entries: 1, misses: (before?.misses ?? 0) + 1 })
})
