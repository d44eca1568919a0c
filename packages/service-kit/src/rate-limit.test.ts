import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createRateLimit, createRateLimitByKey, createSteadyRate } from './rate-limit.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

/** Counts how many calls pass, one after the other. */
const taken = (tries: number, take: () => boolean) =>
  Array.from({ length: tries }, take).filter(Boolean).length

test('lets so many pass per interval', () => {
  const { take } = createRateLimit({ calls: 3, intervalMs: 1_000 })
  expect(taken(5, take)).toBe(3)
  vi.advanceTimersByTime(999)
  expect(take()).toBe(false)
  vi.advanceTimersByTime(1)
  expect(taken(5, take)).toBe(3)
})

test('a rate below one lets one pass in a longer interval', () => {
  const { take } = createRateLimit({ calls: 0.5, intervalMs: 1_000 })
  expect(taken(2, take)).toBe(1)
  vi.advanceTimersByTime(1_999)
  expect(take()).toBe(false)
  vi.advanceTimersByTime(1)
  expect(take()).toBe(true)
})

test('each key has its own rate, and gets the seconds to wait', () => {
  const { take } = createRateLimitByKey({ perMinute: 2 })
  expect([take('a'), take('a'), take('a'), take('b')]).toEqual([null, null, 60, null])
  vi.advanceTimersByTime(58_500)
  expect(take('a')).toBe(2)
  vi.advanceTimersByTime(1_500)
  expect(take('a')).toBeNull()
})

test('a steady rate reports how many may pass and when, and saves up one second at most', () => {
  const rate = createSteadyRate(4)
  expect([rate.available(), rate.waitMs()]).toEqual([4, 0])
  expect([rate.take(5), rate.take(4), rate.available(), rate.waitMs()]).toEqual([false, true, 0, 250])
  vi.advanceTimersByTime(500)
  expect(rate.available()).toBe(2)
  vi.advanceTimersByTime(60_000)
  expect(rate.available()).toBe(4)
})
