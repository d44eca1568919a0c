import { expect, test } from 'vitest'
import { createMutexByKey } from './mutex-by-key.ts'

test('work of one key runs one after the other, and goes on after one that fails', async () => {
  const mutex = createMutexByKey<string>({ waitMs: 5_000 })
  const order: string[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const first = mutex('a', async () => {
    await promise
    order.push('first')
    throw new Error('failed')
  })
  const second = mutex('a', async () => void order.push('second'))
  await mutex('b', async () => void order.push('other'))
  resolve()
  await expect(first).rejects.toThrow('failed')
  await second
  expect(order).toEqual(['other', 'first', 'second'])
})

test('work that waits too long is refused, and the next goes on', async () => {
  const mutex = createMutexByKey<string>({ waitMs: 20 })
  const done: string[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const first = mutex('a', () => promise)
  await expect(mutex('a', async () => void done.push('late'))).rejects.toMatchObject({
    refusal: { status: 503 },
  })
  const next = mutex('a', async () => void done.push('next'))
  resolve()
  await Promise.all([first, next])
  expect(done).toEqual(['next'])
})
