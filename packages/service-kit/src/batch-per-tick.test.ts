import { expect, test } from 'vitest'
import { batchPerTick } from './batch-per-tick.ts'

test('answers calls of one tick together and in order; equal keys and excess in another batch', async () => {
  const batches: number[][] = []
  const ask = batchPerTick(
    async (numbers: readonly number[]) => {
      batches.push([...numbers])
      return numbers.map((number) => number * 2)
    },
    { keyOf: String },
  )
  expect(await Promise.all([1, 2, 1, 3].map(ask))).toEqual([2, 4, 2, 6])
  expect(batches).toEqual([
    [1, 2],
    [1, 3],
  ])
  expect(await ask(5)).toBe(10)
  await Promise.all(Array.from({ length: 300 }, (_, number) => ask(number)))
  expect(batches.slice(2).map(({ length }) => length)).toEqual([1, 256, 44])
})

test('a failed batch fails for its own items only', async () => {
  let broken = true
  const ask = batchPerTick(
    async (numbers: readonly number[]) => {
      if (broken) throw new Error('broken')
      return numbers
    },
    { keyOf: String },
  )
  const failed = await Promise.allSettled([ask(1), ask(2)])
  expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  broken = false
  expect(await ask(1)).toBe(1)
})
