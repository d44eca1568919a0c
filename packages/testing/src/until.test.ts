import { expect, test } from 'vitest'
import { machineFactor } from './config.ts'
import { until } from './until.ts'

const IMPATIENT = { patienceMs: 40 / machineFactor }

test('a fact that already holds is returned by the first check', async () => {
  let checks = 0
  expect(await until(() => ++checks)).toBe(1)
})

test('it checks again while the fact throws, is false or is null, and then returns its value', async () => {
  const seen = [() => expect(1).toBe(2), () => false, () => null, () => 'there']
  expect(await until(async () => seen.shift()?.())).toBe('there')
  expect(seen).toEqual([])
})

test('an expectation that passes is a fact, although it returns nothing', async () => {
  const nothing = await until(() => {
    expect(1).toBe(1)
  })
  expect(nothing).toBe(undefined)
})

test('a timeout reports the fact, the time, the last state and the place of the wait', async () => {
  const status = 'PENDING'
  const failure = await until(() => expect(status).toBe('PAID'), IMPATIENT).catch((error: Error) => error)
  expect(failure).toBeInstanceOf(Error)
  const { message, stack } = failure as Error
  expect(message).toMatch(/^timed out after \d+\.\d s and \d+ checks/)
  expect(message).toMatch(/waited for: expect\(status\).toBe\(.PAID.\)/)
  expect(message).toContain("last state: expected 'PENDING' to be 'PAID'")
  expect(stack).toContain('until.test.ts')
})

test('while the state changes, the system makes progress and the wait exceeds the patience', async () => {
  const startedAt = performance.now()
  const patienceMs = 600
  let checks = 0
  await until(
    () => {
      if (performance.now() - startedAt < 1.5 * patienceMs) throw new Error(`${++checks} of many`)
    },
    { patienceMs: patienceMs / machineFactor },
  )
  expect(checks).toBeGreaterThan(1)
})

test('a check that never ends times out too', async () => {
  await expect(until(() => new Promise<never>(() => {}), IMPATIENT)).rejects.toThrow(
    'the check itself has not ended',
  )
})

test('a stalled machine is not held against the system: a slow check costs a quarter second', async () => {
  let checks = 0
  const slowThenThere = () => {
    for (const end = performance.now() + 600; checks === 0 && performance.now() < end; );
    return ++checks > 1
  }
  expect(await until(slowThenThere, { patienceMs: 500 / machineFactor })).toBe(true)
})
