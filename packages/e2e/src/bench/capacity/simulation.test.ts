import { expect, test } from 'vitest'
import { createBatches, createSimulation, createStation } from './simulation.ts'

test('events run in the order of their time', () => {
  const simulation = createSimulation()
  const seen: string[] = []
  simulation.at(20, () => seen.push('b'))
  simulation.at(10, () => {
    seen.push('a')
    simulation.at(15, () => seen.push('between'))
  })
  simulation.at(20, () => seen.push('c'))
  simulation.run()
  expect(seen).toEqual(['a', 'between', 'b', 'c'])
  expect(simulation.nowMs).toBe(20)
})

test('a station serves as many at once as it has servers', () => {
  const simulation = createSimulation()
  const station = createStation(simulation, 2)
  const doneAt: number[] = []
  for (let index = 0; index < 4; index++) station.serve(10, () => doneAt.push(simulation.nowMs))
  simulation.run()
  expect(doneAt).toEqual([10, 10, 20, 20])
  expect(station).toMatchObject({ busyMs: 40, longestWaitMs: 10 })
})

test('items that arrive while a batch is written go into the next batch', () => {
  const simulation = createSimulation()
  const batches = createBatches(simulation, { inFlightMax: 1, batchMax: 10, batchMs: 5, itemMs: 1 })
  const doneAt: number[] = []
  const arrive = () => batches.serve(1, () => doneAt.push(simulation.nowMs))
  simulation.at(0, arrive)
  for (let index = 0; index < 3; index++) simulation.at(2, arrive)
  simulation.run()
  expect(doneAt).toEqual([6, 14, 14, 14])
  expect(batches.longestWaitMs).toBe(4)
})

test('a thousand events run in order', () => {
  const simulation = createSimulation()
  const times: number[] = []
  for (let index = 0; index < 1_000; index++)
    simulation.at((index * 7_919) % 1_000, () => times.push(simulation.nowMs))
  simulation.run()
  expect(times).toEqual(times.toSorted((a, b) => a - b))
})
