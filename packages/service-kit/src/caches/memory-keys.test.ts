import { expect, test } from 'vitest'
import { memoryKeys } from './memory-keys.ts'

const kept = () => new Map(Array.from({ length: 5 }, (_, n) => [`key-${n}`, n]))
const shown = (value: number) => ({ value: String(value) })

test('lists the keys of a cache in memory in pages, and shows the value of one', async () => {
  const keys = memoryKeys({ kept: kept(), shown })
  expect(await keys.count()).toEqual({ entries: 5, estimated: false })
  const first = await keys.list('0', 3)
  expect(first).toMatchObject({ keys: [{ key: 'key-0' }, { key: 'key-1' }, { key: 'key-2' }], next: '3' })
  expect(await keys.list(first.next ?? '', 3)).toMatchObject({
    keys: [{ key: 'key-3' }, { key: 'key-4' }],
    next: null,
  })
  expect(await keys.find('key-4')).toEqual({ key: 'key-4', ttlSeconds: null, value: { value: '4' } })
  expect(await keys.find('key-5')).toBeNull()
})

test('clears the cache, or lets its owner do so', async () => {
  const one = kept()
  await memoryKeys({ kept: one, shown }).clear()
  expect(one.size).toBe(0)
  const other = kept()
  await memoryKeys({ kept: other, shown, clear: () => void other.delete('key-0') }).clear()
  expect(other.size).toBe(4)
})
