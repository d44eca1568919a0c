import type { EventId } from '@boxoffice/contracts'
import { bytesOf } from '@boxoffice/service-kit'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { createShownPlans } from '../src/seating/shown-plans.ts'
import { startService, type TestService } from './start-service.ts'

let service: TestService
beforeAll(async () => {
  service = await startService()
})
afterAll(() => service.close())
afterEach(() => vi.restoreAllMocks())

const put = async (eventId: EventId, seatCount: number) => {
  const seats = Array.from({ length: seatCount }, (_, n) => ({ colLabel: String(n + 1) }))
  const zones = [{ zoneId: 1, name: 'Stalls', rows: [{ rowLabel: 'A', seats }] }]
  await service.as(service.organizer.headers).putSeatingPlan({ params: { eventId }, body: { zones } })
}
const planned = async (seatCount: number) => {
  const { eventId } = await service.makePublished()
  await put(eventId, seatCount)
  return eventId
}
/** How often a whole plan was read since. */
const countReads = () => {
  const { calls } = vi.spyOn(service.deps.db, 'query').mock
  return () => calls.filter(([text]) => text.includes('zones::text')).length
}
const create = (bytesMax: number) => createShownPlans({ db: service.deps.db, bytesMax })

test('a plan is read once, also by a crowd that comes at once, and again when it has changed', async () => {
  const eventId = await planned(3)
  const show = create(1_000_000)
  const reads = countReads()
  const shown = await Promise.all(Array.from({ length: 20 }, () => show(eventId)))
  expect(new Set(shown.map((plan) => plan?.json)).size).toBe(1)
  expect((await show(eventId))?.json).toBe(shown[0]?.json)
  expect(reads()).toBe(1)
  const before = shown[0]
  await put(eventId, 4)
  const readsOfPut = reads()
  const after = await show(eventId)
  expect(after?.etag).not.toBe(before?.etag)
  expect(bytesOf(after?.json as never)).toBeGreaterThan(bytesOf(before?.json as never))
  expect(reads()).toBe(readsOfPut + 1)
})

test('what was not asked for lately makes room', async () => {
  const events = [await planned(10), await planned(10), await planned(10)] as const
  const one = await create(1_000_000)(events[0])
  const show = create(2.5 * bytesOf(one?.json as never))
  for (const n of [0, 1, 0, 2] as const) await show(events[n])
  const reads = countReads()
  await show(events[0])
  await show(events[2])
  expect(reads(), 'the last two are kept').toBe(0)
  await show(events[1])
  expect(reads()).toBe(1)
})

test('a plan that is larger than all that may be kept is shown all the same', async () => {
  const eventId = await planned(10)
  const show = create(1)
  const reads = countReads()
  expect(await show(eventId)).toMatchObject({ frozen: false })
  expect(await show(eventId)).toMatchObject({ frozen: false })
  expect(reads()).toBe(2)
})
