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
  await payments.tellTicketsGenerated(orderId)
  const { orderNumber } = await payments.becomes(orderId, 'CONFIRMED')
  const { rows } = await query('select transaction_id from orders where order_id = $1', [orderId])
  return { orderId, orderNumber, payment_intent: rows[0].transaction_id as string }
}
type Confirmed = Awaited<ReturnType<typeof confirmed>>

/** What the gateway says of a dispute, at a second; when it was taken in, what came of it. */
async function tell(
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
  await payments.tellWebhook(`charge.dispute.${kind}`, object, event, {}, 1_796_000_000_000 + second * 1_000)
  return until(async () => {
    const { rows } = await query('select outcome from webhook_events where webhook_event_id = $1', [event])
    expect(rows[0]?.outcome).toEqual(expect.any(String))
    return rows[0].outcome as string
  })
}
/**
 * What was told of an order's disputes: outcome and version of each message, in the order in which they were
 * written.
 */
async function toldOf(orderId: OrderId) {
  const { rows } = await query(
    `select body #>> '{payload,outcome}' as outcome, (body ->> 'aggregateVersion')::int as version
     from ${WRITTEN} where event_type = 'DISPUTE_CLOSED' and body #>> '{payload,orderId}' = $1 order by 2`,
    [orderId],
  )
  return rows.map(({ outcome, version }) => [outcome, version])
}
const newDispute = () => `du_${randomUUID()}`

test('a dispute that the bank decides is told with its order and its money, once, and the journal has it', async () => {
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
  await until(async () => expect(await steps()).toEqual(['OPENED'])) // the gateway may tell of both in any order
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

test('one that was lost and is won afterwards is told again, as a later version', async () => {
  const { orderId } = await confirmed()
  await payments.sandbox.dispute({ orderId, status: 'lost' })
  await payments.probe.waitFor(disputeClosed, ({ payload }) => payload.orderId === orderId)
  await payments.sandbox.dispute({ orderId, status: 'won' })
  await payments.probe.waitFor(
    disputeClosed,
    ({ payload }) => payload.orderId === orderId && payload.outcome === 'WON',
  )
  expect(await toldOf(orderId)).toEqual([
    ['LOST', 1],
    ['WON', 2],
  ])
})

test.each([
  ['won', 'WON'],
  ['lost', 'LOST'],
  ['warning_closed', 'CLOSED'],
  ['prevented', 'CLOSED'],
])('%s is told as %s, and repetitions under other ids tell nothing', async (status, outcome) => {
  const order = await confirmed()
  const id = newDispute()
  const outcomes = await Promise.all([1, 2, 3].map(() => tell('closed', order, { id, status })))
  outcomes.push(await tell('closed', order, { id, status, second: 5 }))
  expect(outcomes.toSorted()).toEqual(['alerted', 'known already', 'known already', 'known already'])
  if (status === 'won')
    expect(await tell('funds_reinstated', order, { id, status, second: 5 })).toBe('known already')
  expect(await toldOf(order.orderId)).toEqual([[outcome, 1]])
  const { rowCount } = await query("select from saga_events where order_id = $1 and step = 'DISPUTE'", [
    order.orderId,
  ])
  expect(rowCount).toBe(1)
})

test('the end that the gateway came to last counts, in whatever order it is told', async () => {
  const order = await confirmed()
  const id = newDispute()
  await tell('funds_reinstated', order, { id, status: 'won', second: 20 })
  expect(await tell('closed', order, { id, status: 'lost', second: 10 })).toBe('known already')
  expect(await toldOf(order.orderId)).toEqual([['WON', 1]])
  // Of one second: what was lost may be won, and not the other way round.
  const other = newDispute()
  await tell('funds_reinstated', order, { id: other, status: 'won', second: 20 })
  expect(await tell('closed', order, { id: other, status: 'lost', second: 20 })).toBe('known already')
  const third = newDispute()
  await tell('closed', order, { id: third, status: 'lost', second: 20 })
  expect(await tell('funds_reinstated', order, { id: third, status: 'won', second: 20 })).toBe('alerted')
  expect(await tell('closed', order, { id: third, status: 'lost', second: 15 })).toBe('known already')
  expect(await tell('closed', order, { id: third, status: 'lost', second: 30 })).toBe('alerted')
  const { rows } = await query('select outcome, version from disputes where dispute_id = $1', [third])
  expect(rows).toEqual([{ outcome: 'LOST', version: 3 }])
})

test('a dispute that is opened is no end of one: people are told, the tickets are not', async () => {
  const order = await confirmed()
  expect(await tell('created', order, { id: newDispute(), status: 'needs_response' })).toBe('alerted')
  await payments.probe.waitFor(opsAlert, ({ payload }) => payload.detail.orderId === order.orderId)
  expect(await toldOf(order.orderId)).toEqual([])
})

test('what the bank has given back is not refunded once more, until the dispute is won after all', async () => {
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
  await tell('closed', order, { id, status: 'lost', second: 1 })
  expect(await refund()).toMatchObject({
    status: 409,
    body: { error: 'NOT_REFUNDABLE', message: expect.stringContaining('bank') },
  })
  expect(await payments.moneyOf(orderId)).toMatchObject({ captured: 10_000, refunded: 0 })
  await tell('funds_reinstated', order, { id, status: 'won', second: 2 })
  expect((await refund()).status).toBe(202)
  await payments.becomes(orderId, 'REFUNDED')
})
