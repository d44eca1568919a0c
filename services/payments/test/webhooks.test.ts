import { randomUUID } from 'node:crypto'
import { type OrderId, opsAlert, refundProcessed } from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { orderIdOf, startService, type TestService } from './start-service.ts'

let payments: TestService
beforeAll(async () => {
  payments = await startService()
})
afterAll(() => payments.stop())

async function confirmed() {
  const orderId = orderIdOf(await payments.buy('pm_card_visa'))
  await payments.publishTicketsGenerated(orderId)
  await payments.becomes(orderId, 'CONFIRMED')
  return { orderId, payment_intent: await transactionOf(orderId) }
}
const transactionOf = async (orderId: OrderId): Promise<string> =>
  (await payments.deps.pool.query('select transaction_id from orders where order_id = $1', [orderId])).rows[0]
    .transaction_id
const alertsOf = (orderId: OrderId) =>
  payments.probe.received(opsAlert).filter(({ payload }) => payload.detail.orderId === orderId)
const sendEvent = (type: string, object: object, id?: string) => payments.sendWebhook(type, object, id)
/** Waits until a refund event of the gateway was handled. */
const isHandled = (refundId: string) =>
  until(async () => {
    const { rows } = await payments.deps.pool.query(
      `select processed_at from webhook_events where type = 'refund.created'
         and body->'data'->'object'->>'id' = $1`,
      [refundId],
    )
    expect(rows).toEqual([{ processed_at: expect.any(Date) }])
  })
const outcomeOf = (id: string) =>
  until(async () => {
    const { rows } = await payments.deps.pool.query(
      'select outcome from webhook_events where webhook_event_id = $1',
      [id],
    )
    expect(rows[0]?.outcome).toEqual(expect.any(String))
    return rows[0].outcome as string
  })

test('the gateway’s own webhooks reach us', async () => {
  const { orderId } = await confirmed()
  const sql = `select from webhook_events where type = 'payment_intent.succeeded'
       and body->'data'->'object'->'metadata'->>'orderId' = $1`
  await until(async () => expect((await payments.deps.pool.query(sql, [orderId])).rowCount).toBe(1))
})

test('a complete refund made at the gateway by hand withdraws the tickets and is booked', async () => {
  const { orderId, payment_intent } = await confirmed()
  const made = await payments.sandbox.stripe.refunds.create({ payment_intent })
  const order = await payments.becomes(orderId, 'REFUNDED')
  expect(order).toMatchObject({ paymentStatus: 'REFUNDED', refundedAmount: 10_000 })
  expect(payments.stub.priceOfValid(orderId)).toBe(0)
  expect(await payments.moneyOf(orderId)).toMatchObject({ captured: 10_000, refunded: 10_000 })
  const { rows } = await payments.deps.pool.query(
    'select amount_minor from ledger_entries where reference = $1',
    [made.id],
  )
  expect(rows).toEqual([{ amount_minor: 10_000 }, { amount_minor: 10_000 }])
  await payments.probe.waitFor(refundProcessed, ({ payload }) => payload.orderId === orderId)
  const refunds = await payments.client.listRefunds({ params: { orderId } })
  expect(refunds.body).toMatchObject({
    refunds: [{ status: 'SUCCEEDED', amount: 10_000, reason: 'REFUNDED_AT_GATEWAY' }],
  })
})

test('a partial one is counted and alerts operators; a later refund pays the remainder', async () => {
  const { orderId, payment_intent } = await confirmed()
  await payments.sandbox.stripe.refunds.create({ payment_intent, amount: 4_000 })
  await until(async () => {
    const counted = { status: 'CONFIRMED', paymentStatus: 'PARTIALLY_REFUNDED', refundedAmount: 4_000 }
    expect(await payments.order(orderId)).toMatchObject(counted)
  })
  const alert = await payments.probe.waitFor(opsAlert, ({ payload }) => payload.detail.orderId === orderId)
  expect(alert.payload).toMatchObject({
    severity: 'WARNING',
    title: expect.stringContaining('decide on its tickets'),
  })
  const admin = await payments.authority.user(['USER', 'ADMIN'])
  const answer = await payments
    .clientOf(admin.headers)
    .refundOrder({ params: { orderId }, body: { reason: 'the rest' } })
  expect(answer).toMatchObject({ status: 202, body: { amount: 6_000 } })
  expect(await payments.becomes(orderId, 'REFUNDED')).toMatchObject({ refundedAmount: 10_000 })
  expect(await payments.moneyOf(orderId)).toMatchObject({ refunded: 10_000 })
})

test('a refund of ours is not counted twice when the gateway reports it', async () => {
  const { orderId } = await confirmed()
  const admin = await payments.authority.user(['USER', 'ADMIN'])
  await payments.clientOf(admin.headers).refundOrder({ params: { orderId }, body: { reason: 'x' } })
  await payments.becomes(orderId, 'REFUNDED')
  const sql = `select outcome from webhook_events where type = 'refund.created'
       and body->'data'->'object'->'metadata'->>'orderId' = $1`
  await until(async () => {
    const { rows } = await payments.deps.pool.query(sql, [orderId])
    expect(rows).toEqual([{ outcome: 'not of interest' }])
  })
  expect(alertsOf(orderId)).toEqual([])
  expect((await payments.order(orderId)).refundedAmount).toBe(10_000)
})

test('a refund made by hand while ours waits: ours pays the remainder, and no cent twice', async () => {
  const { orderId, payment_intent } = await confirmed()
  const cancelling = Promise.withResolvers<void>()
  payments.stub.state.beforeCancel = () => cancelling.promise
  const admin = await payments.authority.user(['USER', 'ADMIN'])
  const asking = payments.clientOf(admin.headers).refundOrder({ params: { orderId }, body: { reason: 'x' } })
  await payments.becomes(orderId, 'REFUND_PENDING')
  const { id } = await payments.sandbox.stripe.refunds.create({ payment_intent, amount: 2_500 })
  await isHandled(id)
  cancelling.resolve()
  expect((await asking).status).toBe(202)
  expect(await payments.becomes(orderId, 'REFUNDED')).toMatchObject({ refundedAmount: 10_000 })
  expect(await payments.moneyOf(orderId)).toMatchObject({ captured: 10_000, refunded: 10_000 })
})

test('a full refund by hand while ours waits for a part: all is withdrawn, nothing paid twice', async () => {
  const { orderId, payment_intent } = await confirmed()
  const [ticket] = (await payments.order(orderId)).tickets ?? []
  const cancelling = Promise.withResolvers<void>()
  payments.stub.state.beforeCancel = () => cancelling.promise
  const admin = await payments.authority.user(['USER', 'ADMIN'])
  const body = { reason: 'x', ticketIds: [ticket?.ticketId as never] }
  const asking = payments.clientOf(admin.headers).refundOrder({ params: { orderId }, body })
  await payments.becomes(orderId, 'REFUND_PENDING')
  const { id } = await payments.sandbox.stripe.refunds.create({ payment_intent })
  await isHandled(id)
  cancelling.resolve()
  expect((await asking).status).toBe(202)
  expect(await payments.becomes(orderId, 'REFUNDED')).toMatchObject({
    paymentStatus: 'REFUNDED',
    refundedAmount: 10_000,
  })
  expect(payments.stub.priceOfValid(orderId)).toBe(0)
  expect(await payments.moneyOf(orderId)).toMatchObject({ captured: 10_000, refunded: 10_000 })
  const sql = `select detail->>'refundId' as id from saga_events where order_id = $1 and moment = 'INTENT'
       and step = 'CANCEL_TICKETS'`
  const { rows } = await payments.deps.pool.query(sql, [orderId])
  expect(new Set(rows.map(({ id }) => id)).size).toBe(2)
})

test('a dispute is in the history, and operators are alerted; they decide what a loss means', async () => {
  const { orderId, payment_intent } = await confirmed()
  const dispute = {
    id: 'dp_1',
    object: 'dispute',
    payment_intent,
    amount: 10_000,
    reason: 'fraudulent',
    status: 'needs_response',
  }
  expect((await sendEvent('charge.dispute.created', dispute)).statusCode).toBe(200)
  await payments.probe.waitFor(opsAlert, ({ payload }) => payload.detail.orderId === orderId)
  await sendEvent('charge.dispute.closed', { ...dispute, status: 'lost' })
  const lost = await payments.probe.waitFor(
    opsAlert,
    ({ payload }) => payload.detail.orderId === orderId && payload.severity === 'CRITICAL',
  )
  expect(lost.payload).toMatchObject({
    source: 'payments',
    detail: { disputeId: 'dp_1', status: 'lost', amountMinor: 10_000 },
  })
  const history = await payments.client.getOrderHistory({ params: { orderId } })
  expect(history.body).toMatchObject({
    history: expect.arrayContaining([expect.objectContaining({ step: 'DISPUTE', result: 'LOST' })]),
  })
  expect(await payments.order(orderId)).toMatchObject({ status: 'CONFIRMED' })
})

test('the same event twice has one effect', async () => {
  const { orderId, payment_intent } = await confirmed()
  const id = `evt_${randomUUID()}`
  const dispute = { id: 'dp_2', payment_intent, amount: 10_000, reason: 'general', status: 'needs_response' }
  await Promise.all([1, 2, 3].map(() => sendEvent('charge.dispute.created', dispute, id)))
  expect(await outcomeOf(id)).toBe('alerted')
  await payments.probe.waitFor(opsAlert, ({ payload }) => payload.detail.orderId === orderId)
  const { rowCount } = await payments.deps.pool.query(
    "select from saga_events where order_id = $1 and moment = 'NOTE'",
    [orderId],
  )
  expect(rowCount).toBe(1)
})

test('a refund that did not reach the buyer', async () => {
  const { orderId, payment_intent } = await confirmed()
  await sendEvent('refund.failed', {
    id: 're_1',
    payment_intent,
    amount: 500,
    failure_reason: 'expired_or_canceled_card',
    metadata: {},
  })
  const alert = await payments.probe.waitFor(opsAlert, ({ payload }) => payload.detail.orderId === orderId)
  expect(alert.payload).toMatchObject({ severity: 'CRITICAL', detail: { gatewayRefundId: 're_1' } })
})

test('an event about an unknown charge is retried for a day, and then given up', async () => {
  const id = `evt_${randomUUID()}`
  const { pool, webhooks } = payments.deps
  await sendEvent(
    'refund.created',
    { id: 're_2', payment_intent: 'pi_of_nobody', amount: 500, status: 'succeeded', metadata: {} },
    id,
  )
  const waiting = `select attempts from webhook_events where webhook_event_id = $1 and processed_at is null
       and attempts > 1`
  await until(async () => expect((await pool.query(waiting, [id])).rowCount).toBe(1))
  const aDayLater = `update webhook_events set received_at = received_at - interval '25 hours',
      next_attempt_at = now() - interval '1 second', attempts = 1440
    where webhook_event_id = $1`
  await pool.query(aDayLater, [id])
  webhooks.nudge()
  expect(await outcomeOf(id)).toBe('no such order')
})

test('a refund of more than an order has left is ignored, and operators are alerted', async () => {
  const { orderId, payment_intent } = await confirmed()
  await payments.sandbox.stripe.refunds.create({ payment_intent })
  await payments.becomes(orderId, 'REFUNDED')
  await sendEvent('refund.created', {
    id: `re_${randomUUID()}`,
    payment_intent,
    amount: 500,
    status: 'succeeded',
    metadata: {},
  })
  await payments.probe.waitFor(
    opsAlert,
    ({ payload }) => payload.detail.orderId === orderId && payload.severity === 'CRITICAL',
  )
  expect(await payments.order(orderId)).toMatchObject({ refundedAmount: 10_000 })
})
