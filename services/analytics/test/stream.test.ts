import type { SalesReport } from '@boxoffice/contracts'
import { listenLocally } from '@boxoffice/service-kit/testing'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createSalesWatch } from '../src/sales/sales-watch.ts'
import { startService, type TestService } from './start-service.ts'

let analytics: TestService
beforeAll(async () => {
  analytics = await startService()
})
afterAll(() => analytics?.stop())

/** Reads a stream in the background. */
function follow(reports: AsyncIterable<SalesReport>) {
  const seen: SalesReport[] = []
  const ended = (async () => {
    for await (const report of reports) seen.push(report)
  })()
  return { seen, ended, sold: () => seen.map(({ totals }) => totals.soldCount) }
}

const known = (eventId: string) => ({ eventId, organizerId: eventId }) as never
const reportWith = (soldCount: number, asOf = new Date()) => ({ asOf, totals: { soldCount } }) as SalesReport

test('a stream gives the report at once, and again when something was sold', async () => {
  const event = await analytics.publishEvent()
  const params = { eventId: event.eventId }
  await until(async () => {
    expect((await event.organizer.sales.getSales({ params, query: {} })).status).toBe(200)
  })
  const leave = new AbortController()
  const known = await analytics.deps.access.find(event.eventId)
  if (!known) throw new Error('no such event')
  const streams = [1, 2].map(() => follow(analytics.deps.watchSales(known, 'hour', leave.signal)))
  await until(() => expect(streams.map(({ seen }) => seen.length)).toEqual([1, 1]))
  await event.sell(1, [0, 1])
  await until(() => expect(streams.map(({ sold }) => sold().at(-1))).toEqual([2, 2]))
  leave.abort()
  await Promise.all(streams.map(({ ended }) => ended))
})

test('it travels as server-sent events', async () => {
  const event = await analytics.publishEvent()
  await until(async () => expect(await analytics.deps.access.find(event.eventId)).not.toBeNull())
  const url = await listenLocally(analytics.app)
  const leave = new AbortController()
  const response = await fetch(`${url}/api/analytics/events/${event.eventId}/sales/stream`, {
    headers: event.organizer.headers,
    signal: leave.signal,
  })
  expect(response.headers.get('content-type')).toMatch('text/event-stream')
  let text = ''
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString()
    if (text.includes('data: ')) break
  }
  expect(JSON.parse(/data: (.*)/.exec(text)?.[1] ?? '')).toMatchObject({
    eventId: event.eventId,
    totals: { soldCount: 0 },
  })
  leave.abort()
})

test('any number of watchers share one load, and a change that is heard of is shown', async () => {
  let sold = 0
  const load = vi.fn(async () => reportWith(sold))
  let hear = (_tag: string) => {}
  const notices = {
    listen(listener: (tag: string) => void) {
      hear = listener
      return () => {}
    },
    close: () => {},
  }
  const watch = createSalesWatch({ load, notices, gapMs: 5, pollMs: 60_000 })
  const leave = new AbortController()
  const streams = Array.from({ length: 10 }, () => follow(watch(known('a'), 'hour', leave.signal)))
  await until(() => expect(streams.every(({ seen }) => seen.length === 1)).toBe(true))
  expect(load).toHaveBeenCalledTimes(1)
  hear('event:another')
  hear('event:a') // nothing but the time of asking is other
  await until(() => expect(load).toHaveBeenCalledTimes(2))
  sold = 7
  hear('event:a')
  await until(() => expect(streams.every(({ seen }) => seen.length === 2)).toBe(true))
  expect(streams[0]?.sold()).toEqual([0, 7])
  expect(load).toHaveBeenCalledTimes(3)
  leave.abort()
  await Promise.all(streams.map(({ ended }) => ended))
})

test('a change is compared once, however many watch', async () => {
  let written = 0
  const report = (soldCount: number) => ({
    ...reportWith(soldCount),
    // Called whenever the report is written down, which is how two of them are compared.
    totals: { soldCount, toJSON: () => ++written && { soldCount } },
  })
  let sold = 1
  let hear = (_tag: string) => {}
  const notices = {
    listen(listener: (tag: string) => void) {
      hear = listener
      return () => {}
    },
    close: () => {},
  }
  const load = async () => report(sold) as unknown as SalesReport
  const watch = createSalesWatch({ load, notices, gapMs: 1, pollMs: 60_000 })
  const leave = new AbortController()
  const streams = Array.from({ length: 10 }, () => follow(watch(known('d'), 'hour', leave.signal)))
  await until(() => expect(streams.every(({ seen }) => seen.length === 1)).toBe(true))
  sold = 2
  hear('event:d')
  await until(() => expect(streams.every(({ seen }) => seen.length === 2)).toBe(true))
  expect(written).toBe(2)
  leave.abort()
  await Promise.all(streams.map(({ ended }) => ended))
})

test('without news it is polled; a failed poll is retried; a deleted event ends the stream', async () => {
  let answer: SalesReport | null | Error = reportWith(1)
  const load = async () => {
    if (answer instanceof Error) throw answer
    return answer
  }
  const silent = { listen: () => () => {}, close: () => {} }
  const watch = createSalesWatch({ load, notices: silent, gapMs: 1, pollMs: 5 })
  const stream = follow(watch(known('b'), 'day', new AbortController().signal))
  await until(() => expect(stream.sold()).toEqual([1]))
  answer = new Error('away')
  await expect(follow(watch(known('c'), 'day', new AbortController().signal)).ended).rejects.toThrow('away')
  answer = reportWith(2)
  await until(() => expect(stream.sold()).toEqual([1, 2]))
  answer = null
  await stream.ended
})
