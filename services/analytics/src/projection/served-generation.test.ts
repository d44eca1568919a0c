import { until } from '@boxoffice/testing'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createServedGeneration } from './served-generation.ts'

let answer: () => Promise<{ generation: number; since: Date }[]>
let reads: number
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] })
  reads = 0
  answer = async () => [{ generation: 1, since: new Date() }]
})
afterEach(() => vi.useRealTimers())

const serve = () =>
  createServedGeneration({
    query: (async () => {
      reads++
      return answer()
    }) as never,
  })
const down = () => Promise.reject(new Error('PostgreSQL is down'))

test('what was seen lately is used at once, and looked at again behind the back of the reader', async () => {
  const served = serve()
  expect([await served.get(), await served.get(), reads]).toEqual([1, 1, 1])
  answer = async () => [{ generation: 2, since: new Date() }]
  vi.advanceTimersByTime(2_000)
  expect(await served.get()).toBe(1)
  await until(async () => expect(await served.get()).toBe(2))
  answer = async () => [{ generation: 3, since: new Date() }]
  vi.advanceTimersByTime(6_000)
  expect(await served.get()).toBe(3)
})

test('while PostgreSQL is down the last one is used for 45 seconds, without waiting', async () => {
  const served = serve()
  await served.get()
  answer = down
  vi.advanceTimersByTime(6_000)
  expect(await served.get()).toBe(1)
  answer = () => new Promise(() => {})
  vi.advanceTimersByTime(30_000)
  expect(await served.get()).toBe(1)
})

test('it is not used for longer: its rows may be deleted', async () => {
  const served = serve()
  await served.get()
  answer = down
  vi.advanceTimersByTime(46_000)
  await expect(served.get()).rejects.toThrow('PostgreSQL is down')
  answer = async () => [{ generation: 2, since: new Date() }]
  expect(await served.get()).toBe(2)
})
