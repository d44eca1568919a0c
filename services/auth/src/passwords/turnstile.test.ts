import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createTurnstile, TurnstileFull } from './turnstile.ts'

/** Work that ends when it is told to, and how much of it is going on. */
function createWork() {
  const open: { name: string; end: (error?: Error) => void }[] = []
  const begun: string[] = []
  const work = (name: string) => () =>
    new Promise<string>((resolve, reject) => {
      begun.push(name)
      open.push({ name, end: (error) => (error ? reject(error) : resolve(name)) })
    })
  return { work, begun, endFirst: (error?: Error) => open.shift()?.end(error) }
}

test('no more than two pieces of work run at once, and those that wait go in the order of arrival', async () => {
  const { work, begun, endFirst } = createWork()
  const turnstile = createTurnstile({ concurrent: 2, waiting: 10 })
  const all = ['a', 'b', 'c', 'd'].map((name) => turnstile(work(name)))
  await setImmediate()
  expect(begun).toEqual(['a', 'b'])
  endFirst()
  await all[0]
  await setImmediate()
  expect(begun).toEqual(['a', 'b', 'c'])
  endFirst()
  await all[1]
  await setImmediate()
  expect(begun).toEqual(['a', 'b', 'c', 'd'])
  endFirst()
  endFirst()
  expect(await Promise.all(all)).toEqual(['a', 'b', 'c', 'd'])
})

test('work that fails makes way for the next', async () => {
  const { work, endFirst } = createWork()
  const turnstile = createTurnstile({ concurrent: 1, waiting: 1 })
  const [failing, next] = [turnstile(work('a')), turnstile(work('b'))]
  endFirst(new Error('broken'))
  await expect(failing).rejects.toThrow('broken')
  await setImmediate()
  endFirst()
  expect(await next).toBe('b')
})

test('whoever finds the waiting room full is turned away at once', async () => {
  const { work, begun, endFirst } = createWork()
  const turnstile = createTurnstile({ concurrent: 1, waiting: 1 })
  const admitted = [turnstile(work('a')), turnstile(work('b'))]
  await expect(turnstile(work('c'))).rejects.toThrow(TurnstileFull)
  endFirst()
  await admitted[0]
  await setImmediate()
  endFirst()
  await Promise.all(admitted)
  expect(begun).toEqual(['a', 'b'])
})
