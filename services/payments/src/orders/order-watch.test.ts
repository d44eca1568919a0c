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
let polls: [string[], number[]][]
let broken: boolean
/** What a poll waits for while the database is slow, and the most polls at once. */
let slow: Promise<void> | null
let looking: { now: number; most: number }
let warnings: number
beforeEach(() => {
  journal = []
  polls = []
  broken = false
  slow = null
  looking = { now: 0, most: 0 }
  warnings = 0
})

const db = {
  async query(_sql: string, [orderIds, seen]: [string[], number[]]) {
    polls.push([orderIds, seen])
    if (broken) throw new Error('away')
    // A new watcher reads from the beginning by itself; only the shared poll is slow here.
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
  const received: OrderProgress[] = []
  const ended = (async () => {
    for await (const progress of watch(
      { orderId: orderId as OrderId, createdAt: new Date() },
      controller.signal,
    ))
      received.push(progress)
  })()
  return { received, ended, steps: () => received.map(({ step }) => step), leave: () => controller.abort() }
}

test('a watcher gets what happened so far, then each step once, until the order has ended', async () => {
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
  expect(first.received.at(-1)).toMatchObject({ orderId: 'a', status: 'CONFIRMED' })
})

test('all watched orders are polled in one query, from the last event read; none if unwatched', async () => {
  for (const orderId of ['a', 'b', 'c']) write(orderId, 1, 'RESERVING')
  const watchers = ['a', 'b', 'c', 'c'].map(follow)
  await until(() =>
    expect(watchers.map(({ steps }) => steps())).toEqual(watchers.map(() => ['ORDER', 'step 1'])),
  )
  await until(() =>
    expect(polls.at(-1)).toEqual([
      ['a', 'b', 'c'],
      [1, 1, 1],
    ]),
  )
  for (const { leave } of watchers) leave()
  await Promise.all(watchers.map(({ ended }) => ended))
  const looks = polls.length
  write('a', 2, 'CONFIRMED')
  const after = follow('a')
  await after.ended
  expect(polls.length).toBe(looks + 1)
})

test('a short database outage loses nothing', async () => {
  write('a', 1, 'RESERVING')
  const { ended, steps } = follow('a')
  await until(() => expect(steps()).toEqual(['ORDER', 'step 1']))
  broken = true
  const before = polls.length
  await until(() => expect(polls.length).toBeGreaterThan(before + 1))
  expect(warnings).toBe(1)
  write('a', 2, 'FAILED', 'FAILED')
  broken = false
  await ended
  expect(steps()).toEqual(['ORDER', 'step 1', 'step 2'])
})

test('no watcher waits for states that may last for days', async () => {
  write('a', 1, 'RELEASING', 'FAILED')
  const { ended, steps } = follow('a')
  write('a', 2, 'REFUND_IF_CHARGED', 'FAILED')
  await ended
  expect(steps()).toEqual(['ORDER', 'step 1', 'step 2'])
})

test('a slow database gets one poll at a time, however many watchers arrive', async () => {
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
