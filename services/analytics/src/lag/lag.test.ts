import { createMetrics } from '@boxoffice/service-kit'
import { until } from '@boxoffice/testing'
import { beforeEach, expect, test, vi } from 'vitest'
import { createLag, createLagEstimate, type ProjectedQueue } from './lag.ts'

let at: number
let lag: ReturnType<typeof createLagEstimate>
const after = (seconds: number) => {
  at += seconds * 1_000
}
const ago = (seconds: number) => new Date(at - seconds * 1_000)
const sales: ProjectedQueue = 'analytics-queue'
const events: ProjectedQueue = 'event-updates.fifo'
/** Reads the queues: so many messages are visible and in flight in each. */
function look(inSales: [number, number], inEvents: [number, number]): void {
  for (const [queue, [visible, inFlight]] of [[sales, inSales] as const, [events, inEvents] as const])
    lag.saw(queue, { visible, inFlight })
}

beforeEach(() => {
  at = Date.parse('2026-11-28T20:00:00Z')
  lag = createLagEstimate(() => new Date(at))
})

test('the lag is unknown until both queues were read, while they cannot be, and without them', () => {
  expect(lag.seconds()).toBeNull()
  lag.saw(sales, { visible: 0, inFlight: 0 })
  expect(lag.seconds()).toBeNull()
  look([0, 0], [0, 0])
  expect(lag.seconds()).toBe(0)
  lag.saw(events, null)
  expect(lag.seconds()).toBeNull()
})

test('with empty queues nothing is behind, however long ago the last message was', () => {
  lag.projected(sales, new Date(at))
  look([0, 0], [0, 0])
  after(3_600)
  expect(lag.seconds()).toBe(0)
})

test('it grows since the queue was last seen empty, and what is being worked on counts', () => {
  look([0, 0], [0, 0])
  after(10)
  look([0, 1], [0, 0])
  expect(lag.seconds()).toBe(10)
  after(30)
  look([0, 1], [0, 0])
  expect(lag.seconds()).toBe(40)
})

test('where messages flow it is the age of the newest that was projected, whichever came last', () => {
  look([0, 0], [0, 0])
  after(100)
  look([500, 10], [0, 0])
  lag.projected(sales, ago(7))
  lag.projected(sales, ago(90))
  expect(lag.seconds()).toBe(7)
})

test('a queue that is stuck is not hidden by one that flows, or is empty', () => {
  look([0, 0], [0, 0])
  after(100)
  look([500, 10], [3, 0])
  lag.projected(sales, ago(1))
  expect(lag.seconds()).toBe(100)
  after(50)
  look([0, 0], [3, 0])
  expect(lag.seconds()).toBe(150)
})

test('after a start into a backlog the lag is the age of its messages, or of its first look', () => {
  look([10_000, 0], [0, 0])
  after(20)
  look([10_000, 10], [0, 0])
  expect(lag.seconds()).toBe(20)
  lag.projected(sales, ago(7_200))
  expect(lag.seconds()).toBe(7_200)
})

test('the worker reads the queues; one that it cannot read is unknown', async () => {
  const logger = { warn: vi.fn() } as never
  const metrics = createMetrics('test')
  let isAway = false
  const queueDepth = async () => {
    if (isAway) throw new Error('SQS is down')
    return { visible: 0, inFlight: 0 }
  }
  const worker = createLag({ queueDepth, now: () => new Date(at), logger, metrics })
  worker.start()
  await until(() => expect(worker.seconds()).toBe(0))
  await worker.stop()
  isAway = true
  worker.start()
  await until(() => expect(worker.seconds()).toBeNull())
  await worker.stop()
  expect(await metrics.registry.metrics()).toMatch(/projection_lag_seconds\{[^}]*\} Nan/i)
})
