import { expect, test } from 'vitest'
import { EMF_ARRIVALS, evenSchedule, scheduleOf } from './schedule.ts'

test('arrivals are spread evenly over their second', () => {
  expect(scheduleOf([2, 0, 4])).toEqual([0, 500, 2_000, 2_250, 2_500, 2_750])
  expect(scheduleOf([1], 2)).toEqual([0, 500])
  expect(evenSchedule(2, 1.5)).toEqual([0, 500, 1_000])
})

test('ten times the curve has ten times as many arrivals in the same seconds', () => {
  const once = scheduleOf(EMF_ARRIVALS)
  const tenTimes = scheduleOf(EMF_ARRIVALS, 10)
  expect(tenTimes).toHaveLength(10 * once.length)
  expect(Math.floor(Math.max(...tenTimes) / 1_000)).toBe(EMF_ARRIVALS.length - 1)
})
