import { expect, test } from 'vitest'
import { waitMsAfter } from './retry.ts'

const policy = { attempts: 4, firstWaitMs: 100, longestWaitMs: 5_000 }

test('the wait is a random share of a delay that doubles up to a maximum', () => {
  expect([1, 2, 3, 4, 10].map((attempt) => waitMsAfter(attempt, policy, null, () => 1))).toEqual([
    100, 200, 400, 800, 5_000,
  ])
  expect(waitMsAfter(3, policy, null, () => 0)).toBe(0)
})

test('Retry-After is respected, in seconds or as a date, with jitter', () => {
  expect(waitMsAfter(1, policy, '2', () => 0)).toBe(2_000)
  expect(waitMsAfter(1, policy, '2', () => 0.5)).toBe(2_050)
  const date = new Date(Date.now() + 3_000).toUTCString()
  expect(waitMsAfter(1, policy, date, () => 0)).toBeGreaterThan(1_000)
  expect(waitMsAfter(1, policy, 'soon', () => 1)).toBe(100)
  expect(waitMsAfter(1, policy, '3600', () => 0)).toBe(5_000)
})
