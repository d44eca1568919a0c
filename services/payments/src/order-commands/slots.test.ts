import { expect, test } from 'vitest'
import { createSlots } from './slots.ts'

test('slots are claimed and freed, and waiters are notified', async () => {
  const seen: number[] = []
  const slots = createSlots(2, (busy) => seen.push(busy))
  const jobs = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  for (const { promise } of jobs) slots.claim()?.work(() => promise)
  expect(slots.free()).toBe(0)
  expect(slots.claim()).toBeNull()
  const waiting = [slots.waitForMore(), slots.waitForMore()]
  jobs[0]?.resolve()
  await Promise.all(waiting)
  expect(slots.free()).toBe(1)
  const empty = slots.idle()
  jobs[1]?.resolve()
  await empty
  expect(slots.free()).toBe(2)
  expect(seen).toEqual([1, 2, 1, 0])
})

test('a claimed slot without work stays claimed until it is freed', async () => {
  const slots = createSlots(1, () => {})
  const slot = slots.claim()
  expect([slots.free(), slots.claim()]).toEqual([0, null])
  await slots.idle()
  const waiting = slots.waitForMore()
  slot?.free()
  await waiting
  expect(slots.claim()).not.toBeNull()
})
