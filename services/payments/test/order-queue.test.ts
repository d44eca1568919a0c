import { randomUUID } from 'node:crypto'
import {
  type EventId,
  type OrderId,
  orderCancelled,
  paymentCompleted,
  paymentsRoutes,
  paymentsSagaRoutes,
} from '@boxoffice/contracts'
import type { Worker } from '@boxoffice/service-kit'
import { injectClient, stopWorkers } from '@boxoffice/service-kit/testing'
import { until } from '@boxoffice/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { buildApp } from '../src/app.ts'
import { saveCancelledEvent } from '../src/event-refunds/cancelled-event-repository.ts'
import { replay } from '../src/saga/advance.ts'
import type { SagaInput } from '../src/saga/input.ts'
import { orderIdOf, startService, type TestService, WRITTEN } from './start-service.ts'
import { eventId, ticketTypeId } from './stubs.ts'

// Without workers: what is accepted waits in the outbox until a test says who works.

let payments: TestService
beforeAll(async () => {
  payments = await startService({ ORDER_QUEUE_PATIENCE_SECONDS: '1700' }, { workers: false })
})
const working: Worker[] = []
const work = (...names: string[]) => {
  for (const worker of payments.workers.filter(
    ({ name }) => names.length === 0 || names.some((part) => name.includes(part)),
  )) {
    worker.start()
    working.push(worker)
  }
}
const stopWorking = async () => {
  await stopWorkers(working.splice(0))
}
afterEach(stopWorking)
afterAll(() => payments.stop())

const later = { prefer: 'respond-async' }
const accepted = async () => orderIdOf(await payments.buy('pm_card_visa', { later: true }))
const charges = async (orderId: OrderId) => (await payments.moneyOf(orderId)).successfulCharges
const sagas = async () =>
  injectClient(payments.app, paymentsSagaRoutes, (await payments.authority.user(['USER', 'ADMIN'])).headers)

test('a queued name does not replace one that was given since, and the history says so', async () => {
  payments.stub.state.isDown = true
  const orderId = await accepted()
  work()
  await until(async () => expect(await payments.sagaState(orderId)).toBe('RESERVING'))
  await stopWorking()
  const older = await payments.client.updateOrder({
    params: { orderId },
    headers: later,
    body: { holderName: 'Older' },
  })
  expect(older).toMatchObject({ status: 202, body: { holderName: 'Zofia Łącka' } })
  const newer = await payments.client.updateOrder({ params: { orderId }, body: { holderName: 'Newer' } })
  expect(newer).toMatchObject({ status: 200, body: { holderName: 'Newer' } })
  await payments.client.updateOrder({ params: { orderId }, headers: later, body: { holderName: 'Newest' } })
  work()
  await until(async () => expect(await payments.order(orderId)).toMatchObject({ holderName: 'Newest' }))
  const answer = await payments.client.getOrderHistory({ params: { orderId } })
  const names = answer.status === 200 ? answer.body.history.filter(({ step }) => step === 'HOLDER_NAME') : []
  expect(names.map(({ result, detail }) => [result, detail])).toEqual([
    ['HOLDER_NAMED', undefined],
    ['SUPERSEDED', 'another name was given later'],
    ['HOLDER_NAMED', undefined],
  ])
  payments.stub.state.isDown = false
  await payments.becomes(orderId, 'PAID')
})

test('a service without queueing ignores the preference, and finishes what it accepted', async () => {
  const accepted = orderIdOf(await payments.buy('pm_card_visa', { later: true }))
  const app = buildApp({ ...payments.deps, config: { ...payments.config, orderQueue: false } })
  const client = injectClient(app, paymentsRoutes, payments.buyer.headers)
  const answer = await client.createOrder({
    headers: { 'idempotency-key': randomUUID(), ...later },
    body: {
      ...{ eventId, ticketRequests: [{ ticketTypeId, quantity: 1 }] },
      ...{ paymentMethod: 'CREDIT_CARD', paymentToken: 'pm_card_visa', holderName: 'x' },
    },
  })
  expect(answer).toMatchObject({ status: 201, body: { status: 'PAID' } })
  const renamed = await client.updateOrder({
    params: { orderId: accepted },
    headers: later,
    body: { holderName: 'Jan Nowak' },
  })
  expect(renamed).toMatchObject({ status: 200, body: { holderName: 'Jan Nowak' } })
  await app.close()
  work()
  await payments.becomes(accepted, 'PAID')
})

describe('an order that has not begun', () => {
  test('and that its buyer cancels in the queue is never charged, and holds nothing', async () => {
    const orderId = await accepted()
    const calls = payments.stub.calls.length
    const answer = await payments.client.cancelOrder({ params: { orderId }, headers: later })
    expect(answer).toMatchObject({ status: 202, body: { status: 'PENDING' } })
    expect(await payments.client.cancelOrder({ params: { orderId }, headers: later })).toMatchObject({
      status: 202,
    })
    work()
    await payments.becomes(orderId, 'CANCELLED')
    await payments.probe.waitFor(orderCancelled, ({ payload }) => payload.orderId === orderId)
    expect(payments.stub.calls.length).toBe(calls)
    expect(await charges(orderId)).toBe(0)
  })
  test('is cancelled and changed at once by a buyer who does not wait; its command is void', async () => {
    const orderId = await accepted()
    const calls = payments.stub.calls.length
    const named = await payments.client.updateOrder({
      params: { orderId },
      body: { holderName: 'Jan Nowak' },
    })
    expect(named).toMatchObject({ status: 200, body: { holderName: 'Jan Nowak' } })
    await payments.client.cancelOrder({ params: { orderId }, headers: later })
    expect(await payments.client.cancelOrder({ params: { orderId } })).toMatchObject({
      status: 202,
      body: { status: 'CANCELLED', paymentStatus: 'FAILED' },
    })
    work()
    await until(async () => {
      const { rowCount } = await payments.deps.pool.query(
        `select from inbox where consumer = 'order-commands.fifo' and message_id in (
           select (body->>'messageId')::uuid from ${WRITTEN} where topic = consumer
             and body->'payload'->>'orderId' = $1)`,
        [orderId],
      )
      expect(rowCount).toBe(2)
    })
    expect(await payments.order(orderId)).toMatchObject({ status: 'CANCELLED' })
    expect(payments.stub.calls.length).toBe(calls)
  })
  test('bears another name at once, also where its buyer does not wait, and its ticket does', async () => {
    const orderId = await accepted()
    const named = await payments.client.updateOrder({
      params: { orderId },
      headers: later,
      body: { holderName: 'Jan Nowak' },
    })
    expect(named).toMatchObject({ status: 202, body: { status: 'PENDING', holderName: 'Jan Nowak' } })
    work()
    const { payload } = await payments.probe.waitFor(
      paymentCompleted,
      (message) => message.payload.orderId === orderId,
    )
    expect(payload.holderName).toBe('Jan Nowak')
  })
  test('is seen by operators, counted, and begun at once when they say so', async () => {
    const orderId = await accepted()
    const admin = await sagas()
    expect((await admin.getSaga({ params: { orderId } })).body).toMatchObject({
      state: 'QUEUED',
      attempts: 0,
    })
    expect((await admin.listSagas({ query: { state: 'QUEUED' } })).body).toMatchObject({
      byState: { QUEUED: 1 },
      sagas: [{ orderId }],
    })
    const metrics = (await payments.app.inject('/actuator/prometheus')).body
    expect(metrics).toMatch(/sagas_in_progress\{.*state="QUEUED".*\} 1/)
    expect(metrics).toMatch(/sagas_oldest_seconds\{.*state="QUEUED".*\} /)
    // It is not due yet, and another name does not make it due.
    await payments.client.updateOrder({ params: { orderId }, body: { holderName: 'Jan Nowak' } })
    work('order-commands')
    expect(await admin.resumeSaga({ params: { orderId } })).toMatchObject({
      status: 202,
      body: { state: 'QUEUED' },
    })
    await payments.becomes(orderId, 'PAID')
    await stopWorking()
    work()
    await until(async () => {
      const { rowCount } = await payments.deps.pool.query('select from outbox where published_at is null')
      expect(rowCount).toBe(0)
    })
    expect(await charges(orderId)).toBe(1)
  })
  test('and whose event is cancelled meanwhile is not charged, and its places go back', async () => {
    const cancelled = randomUUID() as EventId
    const orderId = orderIdOf(await payments.buy('pm_card_visa', { later: true, eventId: cancelled }))
    await payments.deps.db.transact((tx) => saveCancelledEvent(tx, cancelled))
    work()
    expect(await payments.becomes(orderId, 'FAILED')).toMatchObject({ failureReason: 'EVENT_CANCELLED' })
    await until(() => expect(payments.stub.claims.get(orderId)).toMatchObject({ released: true }))
    expect(await charges(orderId)).toBe(0)
  })
  test('whose command is lost begins when its patience is over, and its journal replays', async () => {
    const orderId = await accepted()
    await payments.client.updateOrder({ params: { orderId }, body: { holderName: 'Jan Nowak' } })
    const due = await payments.deps.pool.query(
      `select from sagas where order_id = $1 and extract(epoch from next_attempt_at - since)
         between 1699 and 1701`,
      [orderId],
    )
    expect(due.rowCount).toBe(1)
    await payments.deps.pool.query(
      "delete from outbox where event_type = 'CREATE_ORDER' and group_key = $1",
      [orderId],
    )
    await payments.deps.pool.query(
      `update sagas set next_attempt_at = clock_timestamp() - interval '1 second' where order_id = $1`,
      [orderId],
    )
    work()
    await payments.becomes(orderId, 'PAID')
    const { rows } = await payments.deps.pool.query(
      "select input from saga_events where moment = 'RESULT' and order_id = $1 order by seq",
      [orderId],
    )
    const inputs = rows.map(({ input }) => input as SagaInput)
    const begun = { purchase: { kind: 'direct' }, paymentToken: 'pm' } as never
    expect(replay(begun, inputs, 'QUEUED').state).toBe(await payments.sagaState(orderId))
    expect(inputs.map(({ type }) => type)).toEqual(['HOLDER_NAMED', 'BEGIN', 'RESERVED', 'CHARGED'])
  })
})
