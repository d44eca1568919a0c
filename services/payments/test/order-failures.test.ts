import { randomUUID } from 'node:crypto'
import { type EventId, type OrderId, paymentFailed } from '@boxoffice/contracts'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { saveCancelledEvent } from '../src/event-refunds/cancelled-event-repository.ts'
import { recordDeferral } from '../src/orders/place-order.ts'
import { orderIdOf, startService, type TestService, WRITTEN } from './start-service.ts'
import { eventId, ticketTypeId } from './stubs.ts'

let payments: TestService
beforeAll(async () => {
  payments = await startService()
})
afterEach(() => {
  payments.stub.state.isDown = false
})
afterAll(() => payments.stop())

const published = (orderId: OrderId) =>
  payments.probe.waitFor(paymentFailed, ({ payload }) => payload.orderId === orderId)
/** The messages that were appended for this order, to any topic. */
const messagesOf = async (orderId: OrderId): Promise<string[]> => {
  const { rows } = await payments.deps.pool.query(
    `select event_type from ${WRITTEN} where body -> 'payload' ->> 'orderId' = $1
       and event_type <> 'CREATE_ORDER' order by created_at`,
    [orderId],
  )
  return rows.map(({ event_type }) => event_type)
}
const reservedOrder = {
  reservationId: randomUUID() as never,
  paymentMethod: 'CREDIT_CARD',
  paymentToken: 'pm',
  holderName: 'x',
} as const

describe('an order that fails before it is charged', () => {
  test('is published for a buyer who did not wait, with the reason', async () => {
    const orderId = orderIdOf(await payments.buy('pm_card_visa', { later: true, quantity: 60 }))
    await payments.becomes(orderId, 'FAILED')
    const { payload } = await published(orderId)
    expect(payload).toMatchObject({
      eventId,
      failureReason: 'INSUFFICIENT_INVENTORY',
      retryable: false,
      totalAmount: null,
    })
    expect(await messagesOf(orderId)).toEqual(['ORDER_CREATED', 'PAYMENT_FAILED'])
  })
  test('because its event is cancelled or its price differs is published likewise', async () => {
    const cancelled = randomUUID() as EventId
    await payments.deps.db.transact((tx) => saveCancelledEvent(tx, cancelled))
    const ofCancelled = orderIdOf(await payments.buy('pm_card_visa', { later: true, eventId: cancelled }))
    expect((await published(ofCancelled)).payload).toMatchObject({
      eventId: cancelled,
      failureReason: 'EVENT_CANCELLED',
    })
    const dearer = await payments.client.createOrder({
      headers: { 'idempotency-key': randomUUID(), prefer: 'respond-async' },
      body: {
        ...{ eventId, ticketRequests: [{ ticketTypeId, quantity: 1 }], expectedTotal: 4_999 as never },
        ...{ paymentMethod: 'CREDIT_CARD', paymentToken: 'pm_card_visa', holderName: 'x' },
      },
    })
    expect((await published(orderIdOf(dearer))).payload).toMatchObject({
      failureReason: 'PRICE_CHANGED',
      totalAmount: 5_000,
    })
  })
  test('is published for a buyer who waited in vain', async () => {
    payments.stub.state.isDown = true
    const answer = await payments.buy('pm_card_visa', { quantity: 60, noWait: true })
    expect(answer.status).toBe(202)
    payments.stub.state.isDown = false
    expect((await published(orderIdOf(answer))).payload).toMatchObject({
      failureReason: 'INSUFFICIENT_INVENTORY',
    })
  })
  test('is not published if the buyer got the refusal as the answer', async () => {
    const answer = await payments.buy('pm_card_visa', { quantity: 60 })
    expect(answer.status).toBe(409)
    expect(await messagesOf(orderIdOf(answer))).toEqual([])
  })
  test('for a refused reservation is visible only in its state, since the event is unknown', async () => {
    payments.stub.state.expired = true
    const answer = await payments.client.createOrder({
      headers: { 'idempotency-key': randomUUID(), prefer: 'respond-async' },
      body: reservedOrder,
    })
    const orderId = orderIdOf(answer)
    expect(await payments.becomes(orderId, 'FAILED')).toMatchObject({
      failureReason: 'RESERVATION_EXPIRED',
      eventId: null,
    })
    expect(await messagesOf(orderId)).toEqual([])
    payments.stub.state.expired = false
  })
})

test('an order that ends just before its buyer would get a 202 is answered with its outcome', async () => {
  payments.stub.state.isDown = true
  const orderId = orderIdOf(await payments.buy('pm_card_visa', { later: true, quantity: 60 }))
  const pending = { ...(await payments.order(orderId)), deferred: false } as never
  payments.stub.state.isDown = false
  await payments.becomes(orderId, 'FAILED')
  expect(await recordDeferral(payments.deps, pending)).toMatchObject({
    status: 'FAILED',
    failureReason: 'INSUFFICIENT_INVENTORY',
  })
})
