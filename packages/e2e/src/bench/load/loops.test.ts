import { expect, test } from 'vitest'
import { closedLoop, openLoop } from './loops.ts'

test('workers share the indexes, each used once', async () => {
  const actions: number[] = []
  const figures = await closedLoop(3, { actions: 10 }, async (index) => actions.push(index))
  expect(actions.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  expect(figures).toMatchObject({ count: 10, failed: 0 })
})

test('failures are counted separately and are not timed', async () => {
  const figures = await closedLoop(2, { actions: 4 }, async (index) => {
    if (index % 2 === 0) throw new Error('no')
  })
  expect(figures).toMatchObject({ count: 2, failed: 2 })
})

test('an open loop measures a delayed action from its scheduled time', async () => {
  let open = () => {}
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  const begun: number[] = []
  const figures = await openLoop(100, 0.1, async (index) => {
    begun.push(index)
    if (begun.length === 10) open() // all five are started before the first completes
    await gate
  })
  expect(begun).toHaveLength(10)
  // The first was due 90 ms before the last, and all completed after it.
  expect(figures.p99Ms).toBeGreaterThan(figures.p50Ms)
  expect(figures).toMatchObject({ count: 10, failed: 0 })
})
