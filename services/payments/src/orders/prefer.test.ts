import { expect, test } from 'vitest'
import { prefersAsync } from './prefer.ts'

test.each([
  'respond-async',
  'Respond-Async',
  'return=minimal, respond-async',
  'respond-async; foo=bar, wait=10',
  'wait=10,respond-async ; a',
  'respond-async=""',
  'foo="a, b", RESPOND-ASYNC',
  'foo="a \\", b", respond-async',
  'foo="a \\\\", respond-async',
])('%s prefers not to wait', (prefer) => {
  expect(prefersAsync(prefer)).toBe(true)
})

test.each([
  undefined,
  '',
  'wait=10',
  'respond-asynchronously',
  'x-respond-async',
  'foo="x, respond-async"',
  'foo="x \\", respond-async"',
  'foo="x, respond-async',
  'respond-async=no',
  'respond-async="no"',
])('%s does not', (prefer) => {
  expect(prefersAsync(prefer)).toBe(false)
})

test('an overlong header is ignored', () => {
  const long = (length: number) => `${'respond-async, x="'.padEnd(length - 1, '\\"')}"`
  expect(long(1_000)).toHaveLength(1_000)
  expect([prefersAsync(long(1_000)), prefersAsync(long(1_001))]).toEqual([true, false])
})

test('two headers are one list', () => {
  expect(prefersAsync(['wait=10', 'respond-async'])).toBe(true)
})
