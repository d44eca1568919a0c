import { randomUUID } from 'node:crypto'
import { disputeClosed, type OrderId, opsAlert } from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { orderIdOf, startService, type TestService, WRITTEN } from './start-service.ts'

let payments: TestService
beforeAll(async () => {
  payments = await startService()
})
afterAll(() => payments.stop())

const query = (sql: string, values: unknown[]) => payments.deps.pool.query(sql, values)

async function confirmed() {
  const orderId = orderIdOf(await payments.buy('pm_card_visa'))
  await payments.publishTicketsGenerated(orderId)
  const { orderNumber } = await payments.becomes(orderId, 'CONFIRMED')
  const { rows } = await query('select transaction_id from orders where order_id = $1', [orderId])
  return { orderId, orderNumber, payment_intent: rows[0].transaction_id as string }
}
type Confirmed = Awaited<ReturnType<typeof confirmed>>

/** Sends a dispute event as the gateway would, at a given second; returns the outcome once it was handled. */
async function sendDispute(
  kind: 'created' | 'closed' | 'funds_reinstated',
  { payment_intent }: Confirmed,
  about: { id: string; status: string; second?: number },
) {
  const { second = 0, ...dispute } = about
  const event = `evt_${randomUUID()}`
  const object = {
    ...dispute,
    object: 'dispute',
    payment_intent,
    amount: 10_000,
    currency: 'eur',
    reason: 'fraudulent',
  }
  await payments.sendWebhook(`charge.dispute.${kind}`, object, event, {}, 1_796_000_000_000 + second * 1_000)
  return until(async () => {
    const { rows } = await query('select outcome from webhook_events where webhook_event_id = $1', [event])
    expect(rows[0]?.outcome).toEqual(expect.any(String))
    return rows[0].outcome as string
  })
}
/**
 * The messages about an order's disputes, as outcome and version, in the order in which they were appended.
 */
async function publishedFor(orderId: OrderId) {
  const { rows } = await query(
    `select body #>> '{payload,outcome}' as outcome, (body ->> 'aggregateVersion')::int as version
     from ${WRITTEN} where event_type = 'DISPUTE_CLOSED' and body #>> '{payload,orderId}' = $1 order by 2`,
    [orderId],
  )
  return rows.map(({ outcome, version }) => [outcome, version])
}
const newDispute = () => `du_${randomUUID()}`

test('a dispute that the bank decides is published once with order and amount, and journaled', async () => {
  const order = await confirmed()
  const { orderId, orderNumber } = order
  const opened = await payments.sandbox.dispute({ orderId, status: 'needs_response' })
  expect(opened.status).toBe(200)
  const steps = async () => {
    const { body } = await payments.client.getOrderHistory({ params: { orderId } })
    return 'history' in body
      ? body.history.filter(({ step }) => step === 'DISPUTE').map(({ result }) => result)
      : []
  }
  await until(async () => expect(await steps()).toEqual(['OPENED'])) // the gateway may send both in any order
  const lost = (await (await payments.sandbox.dispute({ orderId, status: 'lost' })).json()) as { id: string }
  const { payload, aggregateVersion } = await payments.probe.waitFor(
    disputeClosed,
    (message) => message.payload.orderId === orderId,
  )
  const { userId, eventId } = await payments.order(orderId)
  expect({ payload, aggregateVersion }).toEqual({
    payload: {
      ...{ orderId, orderNumber, userId, eventId, disputeId: lost.id },
      ...{ outcome: 'LOST', amount: 10_000, currency: 'EUR', closedAt: expect.any(Date) },
    },
    aggregateVersion: 1,
  })
  expect(await payments.order(orderId)).toMatchObject({ status: 'CONFIRMED', paymentStatus: 'COMPLETED' })
  expect(await steps()).toEqual(['OPENED', 'LOST'])
})

test('one that was lost and is won afterwards is published again, as a later version', async () => {
  const { orderId } = await confirmed()
  await payments.sandbox.dispute({ orderId, status: 'lost' })
  await payments.probe.waitFor(disputeClosed, ({ payload }) => payload.orderId === orderId)
  await payments.sandbox.dispute({ orderId, status: 'won' })
  await payments.probe.waitFor(
    disputeClosed,
    ({ payload }) => payload.orderId === orderId && payload.outcome === 'WON',
  )
  expect(await publishedFor(orderId)).toEqual([
    ['LOST', 1],
    ['WON', 2],
  ])
})

test.each([
  ['won', 'WON'],
  ['lost', 'LOST'],
  ['warning_closed', 'CLOSED'],
  ['prevented', 'CLOSED'],
])('%s is published as %s, and repetitions under other ids publish nothing', async (status, outcome) => {
  const order = await confirmed()
  const id = newDispute()
  const outcomes = await Promise.all([1, 2, 3].map(() => sendDispute('closed', order, { id, status })))
  outcomes.push(await sendDispute('closed', order, { id, status, second: 5 }))
  expect(outcomes.toSorted()).toEqual(['alerted', 'known already', 'known already', 'known already'])
  if (status === 'won')
    expect(await sendDispute('funds_reinstated', order, { id, status, second: 5 })).toBe('known already')
  expect(await publishedFor(order.orderId)).toEqual([[outcome, 1]])
  const { rowCount } = await query("select from saga_events where order_id = $1 and step = 'DISPUTE'", [
    order.orderId,
  ])
  expect(rowCount).toBe(1)
})

test('the latest outcome of the gateway counts, in whatever order it arrives', async () => {
  const order = await confirmed()
  const id = newDispute()
  await sendDispute('funds_reinstated', order, { id, status: 'won', second: 20 })
  expect(await sendDispute('closed', order, { id, status: 'lost', second: 10 })).toBe('known already')
  expect(await publishedFor(order.orderId)).toEqual([['WON', 1]])
  // Within one second: a lost dispute may be won, but not the reverse.
  const other = newDispute()
  await sendDispute('funds_reinstated', order, { id: other, status: 'won', second: 20 })
  expect(await sendDispute('closed', order, { id: other, status: 'lost', second: 20 })).toBe('known already')
  const third = newDispute()
  await sendDispute('closed', order, { id: third, status: 'lost', second: 20 })
  expect(await sendDispute('funds_reinstated', order, { id: third, status: 'won', second: 20 })).toBe(
    'alerted',
  )
  expect(await sendDispute('closed', order, { id: third, status: 'lost', second: 15 })).toBe('known already')
  expect(await sendDispute('closed', order, { id: third, status: 'lost', second: 30 })).toBe('alerted')
  const { rows } = await query('select outcome, version from disputes where dispute_id = $1', [third])
  expect(rows).toEqual([{ outcome: 'LOST', version: 3 }])
})

test('an opened dispute alerts operators and is not published to the tickets', async () => {
  const order = await confirmed()
  expect(await sendDispute('created', order, { id: newDispute(), status: 'needs_response' })).toBe('alerted')
  await payments.probe.waitFor(opsAlert, ({ payload }) => payload.detail.orderId === order.orderId)
  expect(await publishedFor(order.orderId)).toEqual([])
})

test('a charged-back payment is not refunded again, unless the dispute is won later', async () => {
  const order = await confirmed()
  const { orderId } = order
  const { eventId } = await payments.order(orderId)
  payments.catalog.events.set(
    eventId as never,
    {
      organizerId: payments.buyer.userId,
      refundableUntil: new Date(Date.now() + 86_400_000),
    } as never,
  )
  const refund = () => payments.client.refundOrder({ params: { orderId }, body: { reason: 'once more' } })
  const id = newDispute()
  await sendDispute('closed', order, { id, status: 'lost', second: 1 })
  expect(await refund()).toMatchObject({
    status: 409,
    body: { error: 'NOT_REFUNDABLE', message: expect.stringContaining('charged back') },
  })
  expect(await payments.moneyOf(orderId)).toMatchObject({ captured: 10_000, refunded: 0 })
  await sendDispute('funds_reinstated', order, { id, status: 'won', second: 2 })
  expect((await refund()).status).toBe(202)
  await payments.becomes(orderId, 'REFUNDED')
})
