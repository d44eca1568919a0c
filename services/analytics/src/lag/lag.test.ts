import { createMetrics } from '@boxoffice/service-kit'
import { beforeEach, expect, test } from 'vitest'
import { createLag, type Lag } from './lag.ts'

let at: number
let depth: { visible: number; inFlight: number } | Error
let lag: Lag
const metrics = () => createMetrics('test')

beforeEach(() => {
  at = Date.parse('2026-11-28T20:00:00Z')
  depth = { visible: 0, inFlight: 0 }
  const queueDepth = async () => {
    if (depth instanceof Error) throw depth
    return depth
  }
  lag = createLag({ queueDepth, now: () => new Date(at), logger: {} as never, metrics: metrics() })
})
const after = (seconds: number) => {
  at += seconds * 1_000
}

test('nobody knows before the first look, nor while nobody can look', async () => {
  expect(lag.seconds()).toBeNull()
  depth = new Error('SQS is away')
  await expect(lag.look()).rejects.toThrow('away')
  expect(lag.seconds()).toBeNull()
})

test('with empty queues nothing is behind, however long ago the last message was', async () => {
  lag.projected(new Date(at))
  await lag.look()
  after(3_600)
  expect(lag.seconds()).toBe(0)
})

test('it grows since the queues were last seen empty, and what is being worked on counts', async () => {
  await lag.look()
  after(10)
  depth = { visible: 0, inFlight: 1 }
  await lag.look()
  expect(lag.seconds()).toBe(10)
  after(30)
  await lag.look()
  expect(lag.seconds()).toBe(40)
})

test('where messages flow it is the age of the newest that was projected, whichever came last', async () => {
  await lag.look()
  after(100)
  depth = { visible: 500, inFlight: 10 }
  await lag.look()
  lag.projected(new Date(at - 7_000))
  lag.projected(new Date(at - 90_000))
  expect(lag.seconds()).toBe(7)
})

test('a process that never saw them empty counts from its first look', async () => {
  depth = { visible: 1, inFlight: 0 }
  await lag.look()
  after(20)
  await lag.look()
  expect(lag.seconds()).toBe(20)
})
