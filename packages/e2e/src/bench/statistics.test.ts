import { expect, test } from 'vitest'
import { tableOf } from './report.ts'
import { median, percentile, spreadOf } from './statistics.ts'

test('the median is the middle value, or the mean of the middle two', () => {
  expect(median([9, 1, 5])).toBe(5)
  expect(median([4, 1, 2, 9])).toBe(3)
  expect(median([])).toBeNaN()
})

test('percentiles are measured values', () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index)
  expect([1, 50, 99, 100].map((percent) => percentile(values, percent))).toEqual([1, 50, 99, 100])
  expect(percentile([7], 99)).toBe(7)
  expect(spreadOf(values)).toEqual({ count: 100, p50Ms: 50, p90Ms: 90, p99Ms: 99, maxMs: 100 })
})

test('a table aligns its first column left and its figures right', () => {
  expect(
    tableOf([
      ['', 'a second'],
      ['seats', '12'],
      ['general', '1234'],
    ]),
  ).toEqual(['          a second', 'seats           12', 'general       1234'])
})
