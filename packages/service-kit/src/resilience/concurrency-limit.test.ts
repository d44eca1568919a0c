import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createConcurrencyLimit, createConcurrencyLimitByKey } from './concurrency-limit.ts'

/** Work that ends when the test says so; records what has begun. */
function createWork() {
  const open: { end: (error?: Error) => void }[] = []
  const begun: string[] = []
  const work = (name: string) => () =>
    new Promise<string>((resolve, reject) => {
      begun.push(name)
      open.push({ end: (error) => (error ? reject(error) : resolve(name)) })
    })
  return { work, begun, endFirst: (error?: Error) => open.shift()?.end(error) }
}
const refusal = () => new Error('refused')

test('no more than two tasks run at once, and waiting ones run in order of arrival', async () => {
  const { work, begun, endFirst } = createWork()
  const limit = createConcurrencyLimit({ concurrent: 2, waitingMax: 10 })
  const all = ['a', 'b', 'c', 'd'].map((name) => limit.run(work(name)))
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
  expect(limit.isIdle()).toBe(true)
})

test('a task that fails, or throws at once, makes way for the next', async () => {
  const { work, endFirst } = createWork()
  const limit = createConcurrencyLimit({ concurrent: 1, waitingMax: 2 })
  const failing = limit.run(work('a'))
  const throwing = limit.run(() => {
    throw new Error('thrown')
  })
  const next = limit.run(work('b'))
  endFirst(new Error('broken'))
  await expect(failing).rejects.toThrow('broken')
  await expect(throwing).rejects.toThrow('thrown')
  await setImmediate()
  endFirst()
  expect(await next).toBe('b')
  expect(limit.free()).toBe(1)
})

test('a task is refused at once if too many wait', async () => {
  const { work, begun, endFirst } = createWork()
  const limit = createConcurrencyLimit({ concurrent: 1, waitingMax: 1, refusal })
  const admitted = [limit.run(work('a')), limit.run(work('b'))]
  await expect(limit.run(work('c'))).rejects.toThrow('refused')
  endFirst()
  await admitted[0]
  await setImmediate()
  endFirst()
  await Promise.all(admitted)
  expect(begun).toEqual(['a', 'b'])
})

test('a task that waits too long is refused and leaves the queue; the next run in order', async () => {
  const { work, begun, endFirst } = createWork()
  const limit = createConcurrencyLimit({ concurrent: 1, waitingMax: 2, waitMs: 20, refusal })
  const first = limit.run(work('first'))
  const late = await Promise.allSettled([limit.run(work('late')), limit.run(work('later'))])
  expect(late.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  const next = [limit.run(work('second')), limit.run(work('third'))]
  endFirst()
  await first
  await setImmediate()
  endFirst()
  await next[0]
  await setImmediate()
  endFirst()
  await Promise.all(next)
  expect(begun).toEqual(['first', 'second', 'third'])
  expect(limit.isIdle()).toBe(true)
})

test('a claimed permit is reserved until it is released, once', async () => {
  const limit = createConcurrencyLimit({ concurrent: 2 })
  const [one, other] = [limit.claim(), limit.claim()]
  expect([limit.free(), limit.claim()]).toEqual([0, null])
  const waiting = [limit.released(), limit.released()]
  one?.()
  one?.()
  await Promise.all(waiting)
  expect([limit.free(), limit.isIdle()]).toEqual([1, false])
  other?.()
  expect([limit.free(), limit.isIdle()]).toEqual([2, true])
})

test('each key has its own limit, which is dropped when nothing runs or waits under it', async () => {
  const { work, begun, endFirst } = createWork()
  const limits = createConcurrencyLimitByKey<string>({ concurrent: 1, waitMs: 5_000 })
  const [first, second] = [limits.run('a', work('first')), limits.run('a', work('second'))]
  const release = limits.claim('b')
  await setImmediate()
  expect(begun).toEqual(['first'])
  expect([limits.claim('a'), limits.claim('b'), limits.size()]).toEqual([null, null, 2])
  release?.()
  endFirst(new Error('failed'))
  await expect(first).rejects.toThrow('failed')
  await setImmediate()
  expect(limits.size()).toBe(1)
  endFirst()
  await second
  expect(limits.size()).toBe(0)
})

test('a key that is used again before its last task ends keeps its limit', async () => {
  const limits = createConcurrencyLimitByKey<string>({ concurrent: 1 })
  const first = limits.run('a', async () => {})
  let release = limits.claim('a')
  for (; !release; release = limits.claim('a')) await null // right after the work, before `run` has continued
  release()
  expect(limits.claim('a')).not.toBeNull()
  await first
  expect(limits.claim('a')).toBeNull()
})
