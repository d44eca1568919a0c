import { randomUUID } from 'node:crypto'
import {
  createOrderCommand,
  deleteOrderCommand,
  type OrderId,
  orderCancelled,
  orderCreated,
  paymentsOpsRoutes,
  updateOrderCommand,
} from '@boxoffice/contracts'
import { injectClient } from '@boxoffice/service-kit/testing'
import { until } from '@boxoffice/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { orderIdOf, startService, type TestService, WRITTEN } from './start-service.ts'
import { eventId } from './stubs.ts'

let payments: TestService
beforeAll(async () => {
  payments = await startService()
})
afterEach(() => {
  payments.stub.state.isDown = false
})
afterAll(() => payments.stop())

const later = { prefer: 'respond-async' }
const charges = async (orderId: OrderId) => (await payments.moneyOf(orderId)).successfulCharges
const historyOf = async (orderId: OrderId) => {
  const answer = await payments.client.getOrderHistory({ params: { orderId } })
  if (answer.status !== 200) throw new Error('refused')
  return answer.body.history
}
const stepsOf = async (orderId: OrderId) =>
  (await historyOf(orderId)).map(({ step, result }) => `${step} ${result}`)
const changeLater = (orderId: OrderId, holderName: string) =>
  payments.client.updateOrder({ params: { orderId }, headers: later, body: { holderName } })
const cancelLater = (orderId: OrderId) => payments.client.cancelOrder({ params: { orderId }, headers: later })
/** Sends a command as if it had been accepted a moment earlier. */
const send = (
  definition: typeof updateOrderCommand | typeof deleteOrderCommand | typeof createOrderCommand,
  payload: object,
) =>
  payments.deps.db.transact((tx) =>
    payments.deps.messaging.append(
      tx,
      definition as typeof updateOrderCommand,
      { userId: payments.buyer.userId, ...payload } as never,
      { aggregateVersion: 1 },
    ),
  )
const figure = async (name: string, ...labels: string[]) => {
  const line = (await payments.app.inject('/actuator/prometheus')).body
    .split('\n')
    .find((text) => text.startsWith(name) && labels.every((label) => text.includes(label)))
  return Number(line?.split(' ').at(-1) ?? 0)
}

describe('an order with Prefer: respond-async', () => {
  test('is accepted at once, published, and paid by a worker; its key gives its state', async () => {
    payments.stub.state.isDown = true
    const key = randomUUID()
    const answer = await payments.buy('pm_card_visa', { key, later: true })
    expect(answer).toMatchObject({
      status: 202,
      body: { status: 'PENDING', eventId, totalAmount: null, items: [] },
    })
    const orderId = orderIdOf(answer)
    const { payload } = await payments.probe.waitFor(
      orderCreated,
      (message) => message.payload.orderId === orderId,
    )
    expect(payload).toMatchObject({ status: 'PENDING', eventId, userId: payments.buyer.userId })
    expect(await payments.buy('pm_card_visa', { key, later: true })).toMatchObject({
      status: 202,
      body: { orderId },
    })
    expect(await payments.buy('pm_card_visa', { key, later: true, quantity: 3 })).toMatchObject({
      status: 422,
    })
    payments.stub.state.isDown = false
    await payments.becomes(orderId, 'PAID')
    expect(await payments.buy('pm_card_visa', { key, later: true })).toMatchObject({
      status: 201,
      body: { orderId, status: 'PAID' },
    })
    await payments.publishTicketsGenerated(orderId)
    await payments.becomes(orderId, 'CONFIRMED')
    expect(await payments.buy('pm_card_visa', { key })).toMatchObject({
      status: 201,
      body: { status: 'CONFIRMED' },
    })
    expect(await charges(orderId)).toBe(1)
    expect((await stepsOf(orderId)).slice(0, 4)).toEqual([
      'ORDER CREATED',
      'QUEUE STARTED',
      'QUEUE BEGIN',
      'RESERVE STARTED',
    ])
  })
  test('says which preference was applied, and only where it was', async () => {
    const order = (prefer: string) =>
      payments.app.inject({
        method: 'POST',
        url: '/api/payments/orders',
        headers: { ...payments.buyer.headers, 'idempotency-key': randomUUID(), prefer },
        payload: {
          ...{ eventId, ticketRequests: [{ ticketTypeId: randomUUID(), quantity: 1 }] },
          ...{ paymentMethod: 'CREDIT_CARD', paymentToken: 'pm_card_visa', holderName: 'x' },
        },
      })
    const accepted = await order('return=minimal, Respond-Async; x')
    expect([accepted.statusCode, accepted.headers['preference-applied']]).toEqual([202, 'respond-async'])
    const waited = await order('wait=10')
    expect([waited.statusCode, waited.headers['preference-applied']]).toEqual([201, undefined])
  })
  test('for a reservation is published when the claim gives its event, and fails as any other', async () => {
    const answer = await payments.client.createOrder({
      headers: { 'idempotency-key': randomUUID(), ...later },
      body: {
        reservationId: randomUUID() as never,
        ...{ paymentMethod: 'CREDIT_CARD', paymentToken: 'pm_card_visa_chargeDeclined', holderName: 'x' },
      },
    })
    expect(answer).toMatchObject({ status: 202, body: { eventId: null } })
    const orderId = orderIdOf(answer)
    await payments.becomes(orderId, 'FAILED')
    const { payload } = await payments.probe.waitFor(
      orderCreated,
      (message) => message.payload.orderId === orderId,
    )
    expect(payload).toMatchObject({ eventId, status: 'PENDING' })
    expect(await payments.moneyOf(orderId)).toMatchObject({ captured: 0 })
  })
  test('is begun once, however often its command comes', async () => {
    const orderId = orderIdOf(await payments.buy('pm_card_visa', { later: true }))
    await payments.becomes(orderId, 'PAID')
    const before = await figure('order_commands_total', 'CREATE_ORDER', 'repeated')
    await send(createOrderCommand, { orderId })
    await until(async () =>
      expect(await figure('order_commands_total', 'CREATE_ORDER', 'repeated')).toBe(before + 1),
    )
    expect((await stepsOf(orderId)).filter((step) => step.startsWith('QUEUE BEGIN'))).toHaveLength(1)
    expect(await payments.order(orderId)).toMatchObject({ status: 'PAID' })
    expect(await charges(orderId)).toBe(1)
  })
})

describe('changes with Prefer: respond-async', () => {
  test('are applied in the order in which they were accepted, including concurrent ones', async () => {
    payments.stub.state.isDown = true
    const orderId = orderIdOf(await payments.buy('pm_card_visa', { later: true }))
    await until(async () => expect(await payments.sagaState(orderId)).toBe('RESERVING'))
    expect(await changeLater(orderId, 'first')).toMatchObject({ status: 202, body: { status: 'PENDING' } })
    expect((await changeLater(orderId, 'second')).status).toBe(202)
    const names = Array.from({ length: 5 }, (_, index) => `at once ${index}`)
    await Promise.all(names.map((name) => changeLater(orderId, name)))
    expect(await cancelLater(orderId)).toMatchObject({ status: 202 })
    await payments.becomes(orderId, 'CANCELLED')
    const journal = await payments.deps.pool.query(
      `select input ->> 'type' as type, input ->> 'holderName' as name from saga_events
       where order_id = $1 and step in ('HOLDER_NAME', 'CANCEL') order by seq`,
      [orderId],
    )
    const accepted = await payments.deps.pool.query(
      `select body -> 'payload' ->> 'holderName' as name from ${WRITTEN}
       where event_type in ('UPDATE_ORDER', 'DELETE_ORDER') and body -> 'payload' ->> 'orderId' = $1
       order by created_at`,
      [orderId],
    )
    expect(accepted.rows).toHaveLength(8)
    expect(journal.rows.map(({ name }) => name)).toEqual(accepted.rows.map(({ name }) => name))
    expect(journal.rows.slice(0, 2).map(({ name }) => name)).toEqual(['first', 'second'])
    expect(journal.rows.at(-1)).toEqual({ type: 'CANCEL_REQUESTED', name: null })
    payments.stub.state.isDown = false
    await until(async () => expect(await payments.sagaState(orderId)).toBe('CANCELLED'))
    expect(await charges(orderId)).toBe(0)
  })
  test('that come too late are no errors: the history says why they had no effect', async () => {
    const orderId = orderIdOf(await payments.buy('pm_card_visa', { later: true }))
    await payments.becomes(orderId, 'PAID')
    await send(updateOrderCommand, { orderId, holderName: 'too late' })
    await send(deleteOrderCommand, { orderId })
    await until(async () => expect((await stepsOf(orderId)).at(-1)).toBe('CANCEL REFUSED'))
    expect((await historyOf(orderId)).slice(-2)).toMatchObject([
      { step: 'HOLDER_NAME', result: 'REFUSED', detail: 'the order is PAID' },
      { step: 'CANCEL', result: 'REFUSED', detail: 'the order is PAID' },
    ])
    expect(await payments.order(orderId)).toMatchObject({ status: 'PAID', holderName: 'Zofia Łącka' })
    expect(await figure('order_commands_total', 'DELETE_ORDER', 'late')).toBeGreaterThan(0)
  })
  test('are refused where the order is not pending or not theirs', async () => {
    const orderId = orderIdOf(await payments.buy('pm_card_visa'))
    const refusal = { status: 409, body: { error: 'ORDER_NOT_PENDING' } }
    expect(await changeLater(orderId, 'x')).toMatchObject(refusal)
    expect(await cancelLater(orderId)).toMatchObject(refusal)
    const stranger = payments.clientOf((await payments.authority.user()).headers)
    expect((await stranger.cancelOrder({ params: { orderId }, headers: later })).status).toBe(404)
    expect(
      (await stranger.updateOrder({ params: { orderId }, headers: later, body: { holderName: 'x' } })).status,
    ).toBe(404)
  })
})

test('operators see the queue, its handlers and its figures', async () => {
  const admin = injectClient(
    payments.app,
    paymentsOpsRoutes,
    (await payments.authority.user(['USER', 'ADMIN'])).headers,
  )
  const queues = await admin.getQueues({})
  expect(queues.body).toMatchObject({
    queues: expect.arrayContaining([
      expect.objectContaining({ queue: 'order-commands.fifo', deadLetters: 0 }),
    ]),
  })
  const handlers = await admin.getHandlers({})
  expect(handlers.body).toMatchObject({
    handlers: expect.arrayContaining([
      expect.objectContaining({ queue: 'order-commands.fifo', eventType: 'CREATE_ORDER', dead: 0 }),
    ]),
  })
  await until(async () => expect(await figure('order_workers_busy')).toBe(0))
  expect(await figure('order_commands_accepted_total', 'CREATE_ORDER')).toBeGreaterThan(0)
})

test('a journal that began in the queue is shown to a buyer who cancels, once', async () => {
  payments.stub.state.isDown = true
  const orderId = orderIdOf(await payments.buy('pm_card_visa', { later: true }))
  await until(async () => expect(await payments.sagaState(orderId)).toBe('RESERVING'))
  await Promise.all([cancelLater(orderId), cancelLater(orderId)])
  await payments.probe.waitFor(orderCancelled, ({ payload }) => payload.orderId === orderId)
  expect((await cancelLater(orderId)).status).toBe(202)
  expect((await stepsOf(orderId)).filter((step) => step === 'CANCEL CANCEL_REQUESTED')).toHaveLength(1)
  expect((await stepsOf(orderId)).filter((step) => step === 'CANCEL REFUSED')).toHaveLength(0)
})
