import { expect, test } from 'vitest'
import { waitAfter, waitForPeerAfter } from './notification.ts'

test('waits double from the first, up to five minutes', () => {
  const waits = [1, 2, 3, 9, 10, 300].map((attempts) => waitAfter(attempts, 1_000, () => 0))
  expect(waits).toEqual([1_000, 2_000, 4_000, 256_000, 300_000, 300_000])
})

test('two notifications that failed together are retried at different times', () => {
  expect(waitAfter(1, 1_000, () => 1)).toBe(800)
})

test('the default number of attempts lasts for most of a day', () => {
  const total = Array.from({ length: 300 }, (_, index) => waitAfter(index + 1, 1_000, () => 1)).reduce(
    (sum, wait) => sum + wait,
    0,
  )
  expect(total).toBeGreaterThan(19 * 3_600_000)
})

test('our own services are retried within 15 s for minutes, then ever less often', () => {
  const waits = [1, 4, 5, 12, 13, 40, 41].map((attempts) => waitForPeerAfter(attempts, 1_000, () => 0))
  expect(waits).toEqual([1_000, 8_000, 15_000, 15_000, 60_000, 60_000, 300_000])
})
