import {
  compensationFailed,
  type OrderId,
  orderCancelled,
  orderConfirmed,
  refundProcessed,
  TICKETS_PER_MESSAGE_MAX,
} from '@boxoffice/contracts'
import { RefusedError, refuse } from '@boxoffice/service-kit'
import { until } from '@boxoffice/testing'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { orderIdOf, type Payments, startPayments } from './harness.ts'

let payments: Payments
beforeAll(async () => {
  payments = await startPayments({ TICKETS_PATIENCE_SECONDS: '1' })
})
afterEach(() => {
  makeTickets()
  vi.restoreAllMocks()
})
afterAll(() => payments.stop())

/** The ticket service answers so where it is asked for tickets. */
function refuseTickets(refusal: Error): void {
  payments.stub.state.beforeConfirm = () => Promise.reject(refusal)
}
const makeTickets = () => {
  payments.stub.state.beforeConfirm = () => Promise.resolve()
}
/** As if its tickets had been waited for since two hours ago. */
const ageSaga = (orderId: OrderId) =>
  payments.deps.pool.query(`update sagas set since = since - interval '2 hours' where order_id = $1`, [orderId])
const sagaOf = async (orderId: OrderId) =>
  (await payments.deps.pool.query('select state, attempts, last_error from sagas where order_id = $1', [orderId])).rows[0]

test('the ticket service answers otherwise for too long: people are told, and all the money goes back, once', async () => {
  refuseTickets(new Error('a fault of ours'))
  const orderId = orderIdOf(await payments.buy('pm_card_visa'))
  const { payload } = await payments.probe.waitFor(compensationFailed, (message) => message.payload.orderId === orderId)
  expect(payload).toMatchObject({ step: 'ISSUE', attempts: 5 })
  expect(await payments.order(orderId)).toMatchObject({ status: 'PAID' })
  await ageSaga(orderId)
  const order = await payments.becomes(orderId, 'REFUNDED')
  expect(order).toMatchObject({ paymentStatus: 'REFUNDED', refundedAmount: 10_000 })
  expect(await payments.moneyOf(orderId)).toMatchObject({ captured: 10_000, refunded: 10_000 })
  const refund = await payments.probe.waitFor(refundProcessed, (message) => message.payload.orderId === orderId)
  expect(refund.payload.reason).toBe('TICKETS_NOT_ISSUED')
  await payments.probe.waitFor(orderCancelled, (message) => message.payload.orderId === orderId)
})

test('the ticket service is not there: it is waited for', async () => {
  refuseTickets(new RefusedError(refuse(503, 'SERVICE_UNAVAILABLE', 'being deployed')))
  const orderId = orderIdOf(await payments.buy('pm_card_visa'))
  await ageSaga(orderId)
  await until(async () => expect((await sagaOf(orderId)).attempts).toBeGreaterThan(5))
  expect(await sagaOf(orderId)).toMatchObject({ state: 'AWAITING_TICKETS', last_error: 'tickets: ANSWER' })
  expect(payments.probe.heard(compensationFailed).some(({ payload }) => payload.orderId === orderId)).toBe(false)
  makeTickets()
  await payments.becomes(orderId, 'CONFIRMED')
})

test('a step that throws is made again with growing waits, and says why', async () => {
  vi.spyOn(payments.deps.tickets, 'confirmPurchase').mockRejectedValue(new TypeError('a fault of ours'))
  const orderId = orderIdOf(await payments.buy('pm_card_visa'))
  await payments.probe.waitFor(compensationFailed, (message) => message.payload.orderId === orderId)
  await until(async () =>
    expect(await sagaOf(orderId)).toMatchObject({ state: 'AWAITING_TICKETS', last_error: 'a fault of ours' }),
  )
  vi.restoreAllMocks()
  await payments.becomes(orderId, 'CONFIRMED')
})

test('tickets that come in parts confirm the order once, with all of them', async () => {
  const quantity = 2 * TICKETS_PER_MESSAGE_MAX + 1
  const orderId = orderIdOf(await payments.buy('pm_card_visa'))
  const made = await payments.tellTicketsGenerated(orderId, quantity)
  const order = await payments.becomes(orderId, 'CONFIRMED')
  expect(order.tickets?.map(({ ticketId }) => ticketId)).toEqual(made)
  const heard = () => payments.probe.heard(orderConfirmed).filter(({ payload }) => payload.orderId === orderId)
  await until(() => expect(heard()).toHaveLength(3))
  const parts = heard().sort((a, b) => a.payload.part - b.payload.part)
  expect(parts.flatMap(({ payload }) => payload.tickets.map(({ ticketId }) => ticketId))).toEqual(made)
  const history = await payments.client.getOrderHistory({ params: { orderId } })
  expect(JSON.stringify(history.body)).toContain(`${TICKETS_PER_MESSAGE_MAX} tickets`)
})
