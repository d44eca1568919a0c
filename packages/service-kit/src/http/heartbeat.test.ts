import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { beatEvery } from './heartbeat.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('every callback runs once in every interval, in parts, until it is stopped', () => {
  const beating = beatEvery(15_000)
  const beats = [vi.fn(), vi.fn()] as const
  const stopFirst = beating(beats[0])
  vi.advanceTimersByTime(5_000)
  const stopSecond = beating(beats[1])
  vi.advanceTimersByTime(10_000)
  expect(beats.map((beat) => beat.mock.calls.length)).toEqual([1, 0])
  vi.advanceTimersByTime(5_000)
  expect(beats.map((beat) => beat.mock.calls.length)).toEqual([1, 1])
  vi.advanceTimersByTime(30_000)
  expect(beats.map((beat) => beat.mock.calls.length)).toEqual([3, 3])
  stopFirst()
  stopFirst()
  vi.advanceTimersByTime(15_000)
  expect(beats.map((beat) => beat.mock.calls.length)).toEqual([3, 4])
  stopSecond()
  expect(vi.getTimerCount()).toBe(0)
})
