import { MESSAGE_BYTES_MAX } from '@boxoffice/contracts'
import { expect, test } from 'vitest'
import { bytesOf, inBatches } from './message-size.ts'

test('counts bytes, not characters, and the names and types of attributes', () => {
  expect(bytesOf({ body: 'Łódź', attributes: {} })).toBe(7)
  expect(bytesOf({ body: '', attributes: { orderId: 'ć' } })).toBe('orderId'.length + 'String'.length + 2)
})

test('batches keep the order of messages and stay within both limits, number and bytes', () => {
  const sizes = [100_000, 100_000, 62_144, 1, MESSAGE_BYTES_MAX, 5, ...Array.from({ length: 11 }, () => 1)]
  const batches = inBatches(sizes, 10, (size) => size)
  expect(batches).toEqual([
    [100_000, 100_000, 62_144],
    [1],
    [MESSAGE_BYTES_MAX],
    [5, 1, 1, 1, 1, 1, 1, 1, 1, 1],
    [1, 1],
  ])
  expect(batches.flat()).toEqual(sizes)
  expect(inBatches([], 10, () => 1)).toEqual([])
})
