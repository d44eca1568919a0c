import { expect, test } from 'vitest'
import { machineFactor } from './config.ts'
import { until } from './until.ts'

const IMPATIENT = { patienceMs: 40 / machineFactor }

test('what is so already is answered by the first look', async () => {
  let looks = 0
  expect(await until(() => ++looks)).toBe(1)
})

test('it looks again while the fact throws, is false or is null, and answers what it then gives', async () => {
  const seen = [() => expect(1).toBe(2), () => false, () => null, () => 'there']
  expect(await until(async () => seen.shift()?.())).toBe('there')
  expect(seen).toEqual([])
})

test('an expectation that holds is a fact, though it gives nothing', async () => {
  const nothing = await until(() => {
    expect(1).toBe(1)
  })
  expect(nothing).toBe(undefined)
})

test('giving up says what was waited for, how long, and what was there instead, and where the wait is', async () => {
  const status = 'PENDING'
  const failure = await until(() => expect(status).toBe('PAID'), IMPATIENT).catch((error: Error) => error)
  expect(failure).toBeInstanceOf(Error)
  const { message, stack } = failure as Error
  expect(message).toMatch(/^gave up after \d+\.\d s and \d+ looks/)
  expect(message).toMatch(/waited for: expect\(status\).toBe\(.PAID.\)/)
  expect(message).toContain("there was:  expected 'PENDING' to be 'PAID'")
  expect(stack).toContain('until.test.ts')
})

test('while what is there changes, the system gets on and is waited for beyond the patience', async () => {
  const startedAt = performance.now()
  const patienceMs = 600
  let looks = 0
  await until(
    () => {
      if (performance.now() - startedAt < 1.5 * patienceMs) throw new Error(`${++looks} of many`)
    },
    { patienceMs: patienceMs / machineFactor },
  )
  expect(looks).toBeGreaterThan(1)
})

test('a look that never ends is given up too', async () => {
  await expect(until(() => new Promise<never>(() => {}), IMPATIENT)).rejects.toThrow(
    'the look itself has not ended',
  )
})

test('what a standing machine takes is not held against the system: a slow look costs a quarter of a second of patience', async () => {
  let looks = 0
  const slowThenThere = () => {
    for (const end = performance.now() + 600; looks === 0 && performance.now() < end; );
    return ++looks > 1
  }
  expect(await until(slowThenThere, { patienceMs: 500 / machineFactor })).toBe(true)
})
