import { eventsOpsRoutes } from '@boxoffice/contracts'
import { injectClient } from '@boxoffice/service-kit/testing'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { startService, type TestService } from './start-service.ts'

let service: TestService
beforeAll(async () => {
  // A database of Redis of its own: it is cleared.
  const redisUrl = new URL(inject('redisUrl'))
  redisUrl.pathname = '/7'
  service = await startService({ CACHE_REDIS_URL: redisUrl.href })
})
afterAll(() => service.close())

test('operators see how the caches serve, and can clear them', async () => {
  const admin = await service.authority.user(['USER', 'ADMIN'])
  const ops = injectClient(service.app, eventsOpsRoutes, admin.headers)
  const figures = async () => (await ops.getCaches({})).body.caches
  const { eventId } = await service.makePublished({ name: 'Cached' })
  const read = async () => {
    await service.as().getEvent({ params: { eventId } })
    await service.as().listEvents({ query: { query: 'cached' } })
  }
  expect(await figures()).toEqual([
    { name: 'events', shared: true, hits: 0, misses: 0, hitRate: null, entries: 1 },
    { name: 'event-pages', shared: true, hits: 0, misses: 0, hitRate: null, entries: 0 },
    { name: 'seating-plans', shared: false, hits: 0, misses: 0, hitRate: null, entries: 0 },
  ])
  await read() // the event was put there when it was published, the page was not
  await read()
  expect(await figures()).toMatchObject([
    { hits: 2, misses: 0, hitRate: 1, entries: 1 },
    { hits: 1, misses: 1, hitRate: 0.5, entries: 1 },
    {},
  ])
  for (const name of ['events', 'event-pages'])
    expect(await ops.clearCache({ params: { name } })).toMatchObject({ status: 204 })
  expect(await figures()).toMatchObject([{ entries: 0 }, { entries: 0 }, {}])
  await read()
  expect(await figures()).toMatchObject([{ hits: 2, misses: 1 }, { hits: 1, misses: 2 }, {}])
})

test('operators see the seating plans in memory without their seats, and can clear them', async () => {
  const admin = await service.authority.user(['USER', 'ADMIN'])
  const ops = injectClient(service.app, eventsOpsRoutes, admin.headers)
  const plans = async () => (await ops.getCaches({})).body.caches.find(({ name }) => name === 'seating-plans')
  const { eventId } = await service.makePublished({ name: 'Seated' })
  const zones = [{ zoneId: 1, name: 'Stalls', rows: [{ rowLabel: 'A', seats: [{ colLabel: '1' }] }] }]
  await service.as(service.organizer.headers).putSeatingPlan({ params: { eventId }, body: { zones } })
  const show = () => service.as().getSeatingPlan({ params: { eventId }, query: {} })
  await show()
  await show()
  expect(await plans()).toMatchObject({ entries: 1, misses: 1, hits: 1 })
  const params = { name: 'seating-plans' }
  const { keys } = (await ops.listCacheKeys({ params, query: {} })).body as { keys: { key: string }[] }
  expect(keys).toEqual([{ key: `${eventId} 1`, ttlSeconds: null }])
  expect((await ops.getCacheEntry({ params, query: { key: `${eventId} 1` } })).body).toMatchObject({
    value: { bytes: expect.stringMatching(/^\d+$/) },
  })
  expect(await ops.clearCache({ params })).toMatchObject({ status: 204 })
  expect(await plans()).toMatchObject({ entries: 0 })
  await show()
  expect(await plans()).toMatchObject({ entries: 1, misses: 2, hits: 1 })
})

test('a page of more than 100 kilobytes is not kept', async () => {
  for (let n = 0; n < 6; n++)
    await service.makePublished({ name: `Wordy ${n}`, description: '漢'.repeat(9_000) })
  const keys = () => service.deps.redis.keys('events:page:*')
  await service.deps.redis.flushdb()
  const list = (limit: number) => service.as().listEvents({ query: { query: 'wordy', limit } })
  expect((await list(6)).body.events).toHaveLength(6)
  expect(await keys()).toEqual([])
  expect((await list(3)).body.events).toHaveLength(3)
  expect(await keys()).toHaveLength(1)
})
