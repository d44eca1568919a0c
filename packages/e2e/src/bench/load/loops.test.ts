import { expect, test } from 'vitest'
import { closedLoop, openLoop } from './loops.ts'

test('people take turns, each turn once', async () => {
  const turns: number[] = []
  const figures = await closedLoop(3, { turns: 10 }, async (turn) => turns.push(turn))
  expect(turns.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  expect(figures).toMatchObject({ count: 10, failed: 0 })
})

test('what goes wrong is counted apart, and its time is no figure', async () => {
  const figures = await closedLoop(2, { turns: 4 }, async (turn) => {
    if (turn % 2 === 0) throw new Error('no')
  })
  expect(figures).toMatchObject({ count: 2, failed: 2 })
})

test('a crowd does not wait for itself: one that is slow to be served is measured from when it was due', async () => {
  let open = () => {}
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  const begun: number[] = []
  const figures = await openLoop(100, 0.1, async (turn) => {
    begun.push(turn)
    if (begun.length === 10) open() // all of them are there before the first is answered
    await gate
  })
  expect(begun).toHaveLength(10)
  // The first was due 90 ms before the last, and all were answered after it.
  expect(figures.p99Ms).toBeGreaterThan(figures.p50Ms)
  expect(figures).toMatchObject({ count: 10, failed: 0 })
})
