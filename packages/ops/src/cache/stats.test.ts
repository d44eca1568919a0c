import { expect, test } from 'vitest'
import { totalOf } from './stats.ts'

const reads = { service: 'tickets' as const, hits: 8, misses: 2, hitRate: 0.8 }
const shared = { ...reads, name: 'availability', shared: true }
const own = { ...reads, name: 'offers', shared: false }

test('a cache in Redis counts once, with the reads of every process; one in memory, once each', () => {
  expect(
    totalOf([
      { ...shared, instance: 'a:7', entries: 5 },
      { ...own, instance: 'a:7', entries: 3 },
      { ...shared, instance: 'b:7', entries: 5 },
      { ...own, instance: 'b:7', entries: 4 },
    ]),
  ).toBe('12 entries in 3 caches, 80.0 % of 40 reads hit')
})

test('a cache that cannot be counted has no entries, and without reads there is no rate', () => {
  const unread = { ...shared, hits: 0, misses: 0, hitRate: null }
  expect(totalOf([{ ...unread, instance: 'a:7', entries: null }])).toBe('0 entries in 1 cache')
  expect(totalOf([])).toBe('0 entries in 0 caches')
})
