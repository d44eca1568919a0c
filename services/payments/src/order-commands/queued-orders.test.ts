import { createLogger, type Sql } from '@boxoffice/service-kit'
import { until } from '@boxoffice/testing'
import { afterEach, expect, test, vi } from 'vitest'
import type { StoredSaga } from '../saga/saga-repository.ts'
import { createQueuedOrders } from './queued-orders.ts'

/** Due orders as a database returns them, each leased once; records how many were requested at a time. */
function dueOrders(count: number) {
  const left = Array.from({ length: count }, (_, index) => `order ${index}`)
  const limits: number[] = []
  const parked: string[] = []
  const db = {
    async query(sql: string, [first]: [unknown]) {
      if (!sql.startsWith('with due')) parked.push(String(first))
      if (!sql.startsWith('with due')) return []
      limits.push(Number(first))
      return left.splice(0, Number(first)).map((orderId) => ({ orderId, state: 'QUEUED' }))
    },
  } as unknown as Sql
  return { db, limits, parked }
}

const started: ReturnType<typeof createQueuedOrders>[] = []
afterEach(async () => {
  for (const orders of started.splice(0)) await orders.stop()
})
function startOrders(db: Sql, drive: (saga: StoredSaga) => Promise<void>) {
  const orders = createQueuedOrders({
    ...{ db, drive, now: () => new Date(), logger: createLogger({ service: 'test', level: 'silent' }) },
    leaseMs: 15_000,
    ...{ metrics: { busy: () => {} }, workers: 2, intervalMs: 3_600_000 },
  })
  orders.start()
  started.push(orders)
  return orders
}

test('what is due begins as soon as a slot is free, and no more than there are slots', async () => {
  const { db, limits } = dueOrders(5)
  const ends: (() => void)[] = []
  const begun: string[] = []
  startOrders(db, ({ orderId }) => {
    begun.push(orderId)
    return new Promise((resolve) => ends.push(resolve))
  })
  await until(() => expect(begun).toEqual(['order 0', 'order 1']))
  for (let next = 2; next < 5; next++) {
    ends.shift()?.()
    await until(() => expect(begun.at(-1)).toBe(`order ${next}`))
    expect(begun).toHaveLength(next + 1)
  }
  for (const end of ends) end()
  expect(limits.slice(0, 4)).toEqual([2, 1, 1, 1])
})

test('a command that takes a slot while due orders are polled leaves one of them due', async () => {
  const { db, parked } = dueOrders(2)
  const begun: string[] = []
  const answering = Promise.withResolvers<void>()
  const slow = { query: (...args: [string, [unknown]]) => answering.promise.then(() => db.query(...args)) }
  const looked = vi.spyOn(slow, 'query')
  const orders = startOrders(slow as unknown as Sql, async ({ orderId }) => void begun.push(orderId))
  await until(() => expect(looked).toHaveBeenCalled())
  const slot = orders.claim()
  answering.resolve()
  await until(() => expect(parked).toEqual(['order 1']))
  expect(begun).toEqual(['order 0'])
  slot?.free()
})

test('no order begins after a stop, until it is started again', async () => {
  const { db } = dueOrders(0)
  const orders = startOrders(db, async () => {})
  orders.claim()?.free()
  const stopping = orders.stop()
  expect(orders.claim()).toBeNull()
  await stopping
  orders.start()
  expect(orders.claim()).not.toBeNull()
})
