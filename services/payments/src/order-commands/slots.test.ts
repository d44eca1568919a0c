import { expect, test } from 'vitest'
import { createSlots } from './slots.ts'

test('slots are taken and given back, and those who wait for one are told', async () => {
  const seen: number[] = []
  const slots = createSlots(2, (taken) => seen.push(taken))
  const jobs = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  for (const { promise } of jobs) slots.take(() => promise)
  expect(slots.free()).toBe(0)
  const waiting = [slots.waitForRoom(), slots.waitForRoom()]
  jobs[0]?.resolve()
  await Promise.all(waiting)
  expect(slots.free()).toBe(1)
  const empty = slots.idle()
  jobs[1]?.resolve()
  await empty
  expect(slots.free()).toBe(2)
  expect(seen).toEqual([1, 2, 1, 0])
})
