import {
  compensationFailed,
  type OrderId,
  orderCancelled,
  orderConfirmed,
  refundProcessed,
  SERVICE_UNAVAILABLE,
  TICKETS_PER_ORDER_MAX,
} from '@boxoffice/contracts'
import { PermanentFailure, RefusedError, refuse } from '@boxoffice/service-kit'
import { until } from '@boxoffice/testing'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { orderIdOf, startService, type TestService, TICKETS_PER_PART } from './start-service.ts'

let payments: TestService
beforeAll(async () => {
  payments = await startService({ TICKETS_PATIENCE_SECONDS: '1' })
})
afterEach(() => {
  makeTickets()
  vi.restoreAllMocks()
})
afterAll(() => payments.stop())

/** Makes the ticket service answer requests for tickets like this. */
function refuseTickets(refusal: Error): void {
  payments.stub.state.beforeConfirm = () => Promise.reject(refusal)
}
const makeTickets = () => {
  payments.stub.state.beforeConfirm = () => Promise.resolve()
}
/** Moves the saga two hours into the past. */
const ageSaga = (orderId: OrderId) =>
  payments.deps.pool.query(
    `update sagas set failing_since = failing_since - interval '2 hours' where order_id = $1`,
    [orderId],
  )
const sagaOf = async (orderId: OrderId) =>
  (
    await payments.deps.pool.query(
      'select state, attempts, last_error, failing_since from sagas where order_id = $1',
      [orderId],
    )
  ).rows[0]

test('a ticket service that fails for too long: operators are alerted, the order refunded once', async () => {
  refuseTickets(new Error('a fault of ours'))
  const orderId = orderIdOf(await payments.buy('pm_card_visa'))
  const { payload } = await payments.probe.waitFor(
    compensationFailed,
    (message) => message.payload.orderId === orderId,
  )
  expect(payload).toMatchObject({ step: 'ISSUE', attempts: 5 })
  expect(await payments.order(orderId)).toMatchObject({ status: 'PAID' })
  await ageSaga(orderId)
  const order = await payments.becomes(orderId, 'REFUNDED')
  expect(order).toMatchObject({ paymentStatus: 'REFUNDED', refundedAmount: 10_000 })
  expect(await payments.moneyOf(orderId)).toMatchObject({ captured: 10_000, refunded: 10_000 })
  const refund = await payments.probe.waitFor(
    refundProcessed,
    (message) => message.payload.orderId === orderId,
  )
  expect(refund.payload.reason).toBe('TICKETS_NOT_ISSUED')
  await payments.probe.waitFor(orderCancelled, (message) => message.payload.orderId === orderId)
})

test('a ticket service that is down is waited for', async () => {
  refuseTickets(new RefusedError(refuse(SERVICE_UNAVAILABLE, { message: 'being deployed' })))
  const orderId = orderIdOf(await payments.buy('pm_card_visa'))
  await until(async () => expect((await sagaOf(orderId)).attempts).toBeGreaterThan(5))
  expect(await sagaOf(orderId)).toMatchObject({
    state: 'AWAITING_TICKETS',
    last_error: 'tickets: ANSWER',
    failing_since: null,
  })
  expect(payments.probe.received(compensationFailed).some(({ payload }) => payload.orderId === orderId)).toBe(
    false,
  )
  makeTickets()
  await payments.becomes(orderId, 'CONFIRMED')
})

test('what was answered before an outage does not count after it', async () => {
  refuseTickets(new Error('a fault of ours'))
  const orderId = orderIdOf(await payments.buy('pm_card_visa'))
  await until(async () => expect((await sagaOf(orderId)).failing_since).not.toBeNull())
  refuseTickets(new RefusedError(refuse(SERVICE_UNAVAILABLE, { message: 'being deployed' })))
  await until(async () => expect((await sagaOf(orderId)).failing_since).toBeNull())
  makeTickets()
  await payments.becomes(orderId, 'CONFIRMED')
})

test('an issue that can never succeed is given up at once', async () => {
  vi.spyOn(payments.deps.tickets, 'confirmPurchase').mockRejectedValue(
    new PermanentFailure('it is too large'),
  )
  const orderId = orderIdOf(await payments.buy('pm_card_visa'))
  expect(await payments.becomes(orderId, 'REFUNDED')).toMatchObject({ refundedAmount: 10_000 })
  const { rows } = await payments.deps.pool.query(
    `select input from saga_events where order_id = $1 and input->>'type' = 'ISSUE_GIVEN_UP'`,
    [orderId],
  )
  expect(rows).toEqual([{ input: { type: 'ISSUE_GIVEN_UP', detail: 'it is too large' } }])
})

test('a step that throws is retried with growing waits, and logs why', async () => {
  vi.spyOn(payments.deps.tickets, 'confirmPurchase').mockRejectedValue(new TypeError('a fault of ours'))
  const orderId = orderIdOf(await payments.buy('pm_card_visa'))
  await payments.probe.waitFor(compensationFailed, (message) => message.payload.orderId === orderId)
  await until(async () =>
    expect(await sagaOf(orderId)).toMatchObject({ state: 'AWAITING_TICKETS', last_error: 'a fault of ours' }),
  )
  vi.restoreAllMocks()
  await payments.becomes(orderId, 'CONFIRMED')
})

test('tickets that arrive in parts confirm the order once, with all of them', async () => {
  const orderId = orderIdOf(await payments.buy('pm_card_visa'))
  const made = await payments.publishTicketsGenerated(orderId, TICKETS_PER_ORDER_MAX)
  const order = await payments.becomes(orderId, 'CONFIRMED')
  expect(order.tickets?.map(({ ticketId }) => ticketId)).toEqual(made)
  const received = () =>
    payments.probe.received(orderConfirmed).filter(({ payload }) => payload.orderId === orderId)
  await until(() => expect(received()[0]?.payload.parts).toBe(received().length))
  expect(received().length).toBeGreaterThan(1)
  const parts = received().sort((a, b) => a.payload.part - b.payload.part)
  expect(parts.flatMap(({ payload }) => payload.tickets.map(({ ticketId }) => ticketId))).toEqual(made)
  const history = await payments.client.getOrderHistory({ params: { orderId } })
  expect(JSON.stringify(history.body)).toContain(`${TICKETS_PER_PART} tickets`)
})
