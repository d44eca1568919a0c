import { expect, it } from 'vitest'
import { createTurns } from './turns.ts'

it('turns are taken one after the other, by key, and go on after one that fails', async () => {
  const turns = createTurns<string>({ waitMs: 5_000 })
  const order: string[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const first = turns('a', async () => {
    await promise
    order.push('first')
    throw new Error('failed')
  })
  const second = turns('a', async () => void order.push('second'))
  await turns('b', async () => void order.push('other'))
  resolve()
  await expect(first).rejects.toThrow('failed')
  await second
  expect(order).toEqual(['other', 'first', 'second'])
})

it('a turn that does not come in time is refused, and the next ones go on', async () => {
  const turns = createTurns<string>({ waitMs: 20 })
  const done: string[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const first = turns('a', () => promise)
  await expect(turns('a', async () => void done.push('late'))).rejects.toMatchObject({ refusal: { status: 503 } })
  const next = turns('a', async () => void done.push('next'))
  resolve()
  await Promise.all([first, next])
  expect(done).toEqual(['next'])
})
