import type { OrderId, OrderProgress } from '@boxoffice/contracts'
import { createLogger, type Sql } from '@boxoffice/service-kit'
import { until } from '@boxoffice/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createOrderWatch } from './order-watch.ts'

type Written = {
  orderId: string
  seq: number
  step: string
  state: string
  result?: string
  status?: string
}
let journal: Written[]
let asked: [string[], number[]][]
let broken: boolean
/** What a look waits for while the database is slow; and how many looks there were at once, at most. */
let slow: Promise<void> | null
let looking: { now: number; most: number }
let warnings: number
beforeEach(() => {
  journal = []
  asked = []
  broken = false
  slow = null
  looking = { now: 0, most: 0 }
  warnings = 0
})

const db = {
  async query(_sql: string, [orderIds, seen]: [string[], number[]]) {
    asked.push([orderIds, seen])
    if (broken) throw new Error('away')
    // Whoever comes reads from the beginning, alone; only the look for all is slow here.
    if (slow && seen.some((seq) => seq > 0)) {
      looking.most = Math.max(looking.most, ++looking.now)
      await slow
      looking.now--
    }
    const rows = journal.filter(
      ({ orderId, seq }) => orderIds.includes(orderId) && seq > (seen[orderIds.indexOf(orderId)] ?? 0),
    )
    return rows.map(({ result = 'DONE', status = 'PENDING', ...row }) => ({
      ...{ ...row, result, status, moment: 'RESULT', input: null, detail: null, at: new Date() },
      ...{ paymentStatus: 'PENDING', failureReason: null },
    }))
  },
} as unknown as Sql
const write = (orderId: string, seq: number, state: string, status?: string) =>
  journal.push({ orderId, seq, step: `step ${seq}`, state, status })

const watching: AbortController[] = []
afterEach(() => {
  for (const controller of watching.splice(0)) controller.abort()
})
const logger = createLogger({ service: 'test', level: 'silent' })
logger.warn = () => void warnings++
const watch = createOrderWatch({ db, logger, pollMs: 10 })
function follow(orderId: string) {
  const controller = new AbortController()
  watching.push(controller)
  const heard: OrderProgress[] = []
  const ended = (async () => {
    for await (const progress of watch(
      { orderId: orderId as OrderId, createdAt: new Date() },
      controller.signal,
    ))
      heard.push(progress)
  })()
  return { heard, ended, steps: () => heard.map(({ step }) => step), leave: () => controller.abort() }
}

test('whoever comes is told what happened so far, then each step once, until the order has ended', async () => {
  write('a', 1, 'RESERVING')
  const first = follow('a')
  await until(() => expect(first.steps()).toEqual(['ORDER', 'step 1']))
  write('a', 2, 'CHARGING')
  await until(() => expect(first.steps()).toEqual(['ORDER', 'step 1', 'step 2']))
  const second = follow('a')
  await until(() => expect(second.steps()).toEqual(['ORDER', 'step 1', 'step 2']))
  write('a', 3, 'AWAITING_TICKETS', 'PAID')
  write('a', 4, 'CONFIRMED', 'CONFIRMED')
  await Promise.all([first.ended, second.ended])
  expect(first.steps()).toEqual(['ORDER', 'step 1', 'step 2', 'step 3', 'step 4'])
  expect(second.steps()).toEqual(first.steps())
  expect(first.heard.at(-1)).toMatchObject({ orderId: 'a', status: 'CONFIRMED' })
})

test('all who watch are looked for in one query, from where each of the orders was told to; and nobody when they have gone', async () => {
  for (const orderId of ['a', 'b', 'c']) write(orderId, 1, 'RESERVING')
  const watchers = ['a', 'b', 'c', 'c'].map(follow)
  await until(() =>
    expect(watchers.map(({ steps }) => steps())).toEqual(watchers.map(() => ['ORDER', 'step 1'])),
  )
  await until(() =>
    expect(asked.at(-1)).toEqual([
      ['a', 'b', 'c'],
      [1, 1, 1],
    ]),
  )
  for (const { leave } of watchers) leave()
  await Promise.all(watchers.map(({ ended }) => ended))
  const looks = asked.length
  write('a', 2, 'CONFIRMED')
  const after = follow('a')
  await after.ended
  expect(asked.length).toBe(looks + 1)
})

test('a database that is away for a moment loses nothing', async () => {
  write('a', 1, 'RESERVING')
  const { ended, steps } = follow('a')
  await until(() => expect(steps()).toEqual(['ORDER', 'step 1']))
  broken = true
  const before = asked.length
  await until(() => expect(asked.length).toBeGreaterThan(before + 1))
  expect(warnings).toBe(1)
  write('a', 2, 'FAILED', 'FAILED')
  broken = false
  await ended
  expect(steps()).toEqual(['ORDER', 'step 1', 'step 2'])
})

test('nobody waits for a gateway that may be asked for days', async () => {
  write('a', 1, 'RELEASING', 'FAILED')
  const { ended, steps } = follow('a')
  write('a', 2, 'REFUND_IF_CHARGED', 'FAILED')
  await ended
  expect(steps()).toEqual(['ORDER', 'step 1', 'step 2'])
})

test('a database that is slow has one look at a time to make, however many come meanwhile', async () => {
  const answering = Promise.withResolvers<void>()
  slow = answering.promise
  for (const orderId of ['a', 'b', 'c', 'd']) write(orderId, 1, 'RESERVING')
  const first = follow('a')
  await until(() => expect(looking.now).toBe(1))
  const others = ['b', 'c', 'd'].map(follow)
  await until(() => expect(others.map(({ steps }) => steps())).toEqual(others.map(() => ['ORDER', 'step 1'])))
  for (const orderId of ['a', 'b', 'c', 'd']) write(orderId, 2, 'CONFIRMED', 'CONFIRMED')
  answering.resolve()
  await Promise.all([first, ...others].map(({ ended }) => ended))
  expect(looking.most).toBe(1)
})
