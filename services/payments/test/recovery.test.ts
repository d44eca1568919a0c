import { randomUUID } from 'node:crypto'
import { type OrderId, opsAlert, paymentCompleted, refundProcessed } from '@boxoffice/contracts'
import { scaledMs } from '@boxoffice/service-kit/testing'
import { until } from '@boxoffice/testing'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { advance } from '../src/saga/advance.ts'
import { findSagaForUpdate, leaseDueSagas } from '../src/saga/saga-repository.ts'
import { orderIdOf, startService, type TestService } from './start-service.ts'

let payments: TestService
beforeAll(async () => {
  // Without webhooks: outcomes are found by lookups only.
  payments = await startService({ GATEWAY_TIMEOUT_MS: String(scaledMs(300)) }, { webhooks: false })
})
afterEach(async () => {
  payments.clock.aheadMs = 0
  await payments.sandbox.setFault({ mode: 'ok' })
})
afterAll(() => payments.stop())

const ledgerOf = (orderId: OrderId) => payments.moneyOf(orderId)
/** Makes an unknown outcome exceed its limit. */
const passLimit = () => {
  payments.clock.aheadMs = payments.config.paymentUnknownLimitMs + 1_000
}
const released = (orderId: OrderId) => payments.stub.claims.get(orderId)?.released ?? false

test('a charge that is never answered for is found out and paid, once', async () => {
  const answer = await payments.buy('pm_sandbox_timeout_then_succeeded')
  const orderId = orderIdOf(answer)
  await until(async () => expect(await payments.order(orderId)).toMatchObject({ status: 'PAID' }))
  expect(await ledgerOf(orderId)).toMatchObject({ captured: 10_000, successfulCharges: 1 })
  expect(released(orderId)).toBe(false)
  await payments.probe.waitFor(paymentCompleted, ({ payload }) => payload.orderId === orderId)
})

test('a decline without an answer is found, and the tickets are released', async () => {
  const orderId = orderIdOf(await payments.buy('pm_sandbox_timeout_then_declined'))
  await until(async () => expect(await payments.order(orderId)).toMatchObject({ status: 'FAILED' }))
  await until(() => expect(released(orderId)).toBe(true))
  expect(await ledgerOf(orderId)).toMatchObject({ captured: 0, successfulCharges: 0 })
})

test('an outcome unknown in time is answered 202, and a repetition returns the state', async () => {
  await payments.sandbox.setFault({ mode: 'down' })
  const key = randomUUID()
  const answer = await payments.buy('pm_card_visa', { key, noWait: true })
  expect(answer).toMatchObject({ status: 202, body: { status: 'PENDING' } })
  await until(async () => {
    const order = await payments.order(orderIdOf(answer))
    expect(order).toMatchObject({ status: 'PENDING', paymentStatus: 'UNKNOWN', totalAmount: 10_000 })
  })
  await payments.sandbox.setFault({ mode: 'ok' })
  expect(await payments.buy('pm_card_visa', { key })).toMatchObject({ status: 201 })
  expect(await ledgerOf(orderIdOf(answer))).toMatchObject({ successfulCharges: 1 })
})

test('a gateway down for longer than the limit: tickets are released, nothing is charged', async () => {
  await payments.sandbox.setFault({ mode: 'down' })
  const orderId = orderIdOf(await payments.buy('pm_card_visa', { noWait: true }))
  await until(async () => expect(await payments.order(orderId)).toMatchObject({ paymentStatus: 'UNKNOWN' }))
  passLimit()
  await until(async () => expect(await payments.sagaState(orderId)).toBe('REFUND_IF_CHARGED'))
  expect(released(orderId)).toBe(true)
  expect(await payments.order(orderId)).toMatchObject({ status: 'FAILED', failureReason: 'PAYMENT_TIMEOUT' })
  await payments.sandbox.setFault({ mode: 'ok' })
  await until(async () => expect(await payments.sagaState(orderId)).toBe('FAILED'))
  expect(await ledgerOf(orderId)).toMatchObject({ captured: 0 })
})

test('a charge that became known after the limit is refunded, once, and the buyer is notified', async () => {
  const charges = async () => (await payments.sandbox.ledger()).entries.length
  const before = await charges()
  payments.afterNextCharge(() => payments.sandbox.setFault({ mode: 'down' }))
  const orderId = orderIdOf(await payments.buy('pm_sandbox_timeout_then_succeeded', { noWait: true }))
  await until(async () => expect(await charges()).toBe(before + 1))
  await until(async () => expect(await payments.order(orderId)).toMatchObject({ paymentStatus: 'UNKNOWN' }))
  passLimit()
  await until(async () => expect(await payments.sagaState(orderId)).toBe('REFUND_IF_CHARGED'))
  expect(released(orderId)).toBe(true)
  await payments.sandbox.setFault({ mode: 'ok' })
  await payments.probe.waitFor(refundProcessed, ({ payload }) => payload.orderId === orderId)
  expect(await payments.order(orderId)).toMatchObject({
    status: 'FAILED',
    paymentStatus: 'REFUNDED',
    refundedAmount: 10_000,
  })
  expect(await ledgerOf(orderId)).toMatchObject({ captured: 10_000, refunded: 10_000 })
})

test.each([
  [
    'refund.created',
    'REFUNDED',
    { id: `re_${randomUUID()}`, amount: 10_000, status: 'succeeded', metadata: {} },
  ],
  [
    'charge.dispute.created',
    'PAID',
    { id: 'dp_1', amount: 10_000, reason: 'fraudulent', status: 'needs_response' },
  ],
])(
  '%s, received before the charge is known, counts when it is known: the order is %s',
  async (type, status, object) => {
    const charges = async () => (await payments.sandbox.ledger()).entries
    const before = (await charges()).length
    payments.afterNextCharge(() => payments.sandbox.setFault({ mode: 'down' }))
    const orderId = orderIdOf(await payments.buy('pm_sandbox_timeout_then_succeeded', { noWait: true }))
    await until(async () => expect((await charges()).length).toBe(before + 1))
    await until(async () => expect(await payments.order(orderId)).toMatchObject({ paymentStatus: 'UNKNOWN' }))
    const id = `evt_${randomUUID()}`
    await payments.sendWebhook(
      type,
      { ...object, payment_intent: (await charges()).at(-1)?.paymentIntentId },
      id,
    )
    const tried = 'select processed_at from webhook_events where webhook_event_id = $1 and attempts > 0'
    await until(async () =>
      expect((await payments.deps.pool.query(tried, [id])).rows).toEqual([{ processed_at: null }]),
    )
    await payments.sandbox.setFault({ mode: 'ok' })
    await until(async () => expect(await payments.sagaState(orderId)).toBe('AWAITING_TICKETS'))
    await payments.deps.pool.query(
      `update webhook_events set next_attempt_at = now() - interval '1 second' where webhook_event_id = $1`,
      [id],
    )
    await payments.becomes(orderId, status)
    await payments.probe.waitFor(opsAlert, ({ payload }) => payload.detail.orderId === orderId)
  },
)

test('a ticket service that is down fails no order: the saga waits, and buys when it is back', async () => {
  payments.stub.state.isDown = true
  const answer = await payments.buy('pm_card_visa', { noWait: true })
  expect(answer).toMatchObject({ status: 202, body: { status: 'PENDING', totalAmount: null, items: [] } })
  payments.stub.state.isDown = false
  await until(async () => expect(await payments.order(orderIdOf(answer))).toMatchObject({ status: 'PAID' }))
})

test('a saga is leased to one worker; after its lease the next takes over, the first is stale', async () => {
  const orderId = orderIdOf(await payments.buy('pm_card_visa'))
  const { db, apply } = payments.deps
  const paused = await db.transact((tx) => findSagaForUpdate(tx, orderId))
  if (!paused) throw new Error('no saga')
  const both = await Promise.all(
    [1, 2].map(() => db.transact((tx) => leaseDueSagas(tx, 'begun', { limit: 100, leaseMs: 15_000 }))),
  )
  const ids = both.flat().map((saga) => saga.orderId)
  expect(new Set(ids).size).toBe(ids.length)

  const word = { type: 'TICKETS_REJECTED', reason: 'SEATS_GONE' } as const
  const first = await db.transact((tx) => apply(tx, paused, word))
  expect(first).toMatchObject({ applied: true })
  const second = await db.transact((tx) => apply(tx, paused, word))
  expect(second).toEqual({ applied: false, why: 'stale' })
  expect(advance(paused, word)?.state).toBe('REFUNDING')
})
