import { randomUUID } from 'node:crypto'
import {
  type Minor,
  type OrderId,
  orderCancelled,
  refundProcessed,
  type TicketId,
  type TicketTypeId,
} from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { replay } from '../src/saga/advance.ts'
import type { SagaInput } from '../src/saga/input.ts'
import type { Begun } from '../src/saga/saga.ts'
import { orderIdOf, startService, type TestService, WRITTEN } from './start-service.ts'
import { eventId, ticketTypeId } from './stubs.ts'

const DAY_MS = 86_400_000
let payments: TestService
let organizer: Awaited<ReturnType<TestService['authority']['user']>>
beforeAll(async () => {
  payments = await startService()
  organizer = await payments.authority.user(['USER', 'ORGANIZER'])
})
beforeEach(() => {
  const refundableUntil = new Date(Date.now() + DAY_MS)
  payments.catalog.events.set(eventId, { organizerId: organizer.userId, refundableUntil })
})
afterEach(async () => {
  payments.stub.state.isDown = false
  payments.catalog.state.isDown = false
  payments.stub.state.price = 5_000 as never
  await payments.sandbox.setFault({ mode: 'ok' })
})
afterAll(() => payments.stop())

/** A confirmed order and its tickets. */
async function confirmed(quantity = 2) {
  const orderId = orderIdOf(await payments.buy('pm_card_visa', { quantity }))
  const tickets = await payments.publishTicketsGenerated(orderId, quantity)
  await payments.becomes(orderId, 'CONFIRMED')
  return { orderId, tickets }
}
const refund = (
  orderId: OrderId,
  how: {
    ticketIds?: TicketId[]
    by?: { headers: Record<string, string> }
    key?: string
    noWait?: boolean
  } = {},
) => {
  const client = how.by
    ? payments.clientOf(how.by.headers)
    : how.noWait
      ? payments.noWaitClient
      : payments.client
  return client.refundOrder({
    params: { orderId },
    body: { reason: 'I am ill', ticketIds: how.ticketIds },
    ...(how.key && { headers: { 'idempotency-key': how.key } }),
  })
}
const refundsOf = async (orderId: OrderId) => {
  const answer = await payments.client.listRefunds({ params: { orderId } })
  if (answer.status !== 200) throw new Error('refused')
  return answer.body.refunds
}
const notRefundable = (message: RegExp) => ({
  status: 409,
  body: { error: 'NOT_REFUNDABLE', message: expect.stringMatching(message) },
})
/** I2: the money left at the gateway is the price of the tickets that still admit. */
async function expectEven(orderId: OrderId) {
  const { captured, refunded } = await payments.moneyOf(orderId)
  expect(captured - refunded).toBe(payments.stub.priceOfValid(orderId))
}

test('a buyer returns a whole order: tickets invalid, money refunded, both published', async () => {
  const { orderId, tickets } = await confirmed()
  const answer = await refund(orderId)
  expect(answer).toMatchObject({ status: 202, body: { orderId, currency: 'EUR', reason: 'I am ill' } })
  const order = await payments.becomes(orderId, 'REFUNDED')
  expect(order).toMatchObject({ paymentStatus: 'REFUNDED', refundedAmount: 10_000 })
  expect(await payments.moneyOf(orderId)).toMatchObject({ captured: 10_000, refunded: 10_000 })
  await expectEven(orderId)
  const message = await payments.probe.waitFor(refundProcessed, ({ payload }) => payload.orderId === orderId)
  expect(message.payload).toMatchObject({ refundAmount: 10_000, currency: 'EUR', reason: 'I am ill' })
  expect(message.payload.ticketIds?.toSorted()).toEqual(tickets.toSorted())
  await payments.probe.waitFor(orderCancelled, ({ payload }) => payload.orderId === orderId)
  expect(await refundsOf(orderId)).toMatchObject([
    { status: 'SUCCEEDED', amount: 10_000, completedAt: expect.any(Date) },
  ])
})

test('some tickets are refunded, then the rest; none of them twice, and no stranger’s', async () => {
  const { orderId, tickets } = await confirmed(3)
  const [first, ...others] = tickets as [TicketId, ...TicketId[]]
  expect((await refund(orderId, { ticketIds: [first] })).status).toBe(202)
  await until(async () => {
    const partly = { status: 'CONFIRMED', paymentStatus: 'PARTIALLY_REFUNDED', refundedAmount: 5_000 }
    expect(await payments.order(orderId)).toMatchObject(partly)
  })
  await expectEven(orderId)
  expect(await refund(orderId, { ticketIds: [first] })).toMatchObject({
    ...notRefundable(/refunded/),
    body: { ticketIds: [first] },
  })
  const unknown = randomUUID() as TicketId
  expect(await refund(orderId, { ticketIds: [first, unknown] })).toMatchObject({
    status: 404,
    body: { error: 'TICKET_NOT_FOUND', ticketIds: [unknown] },
  })
  const twice = await payments.app.inject({
    method: 'POST',
    url: `/api/payments/orders/${orderId}/refund`,
    headers: payments.buyer.headers,
    payload: { reason: 'x', ticketIds: [others[0], others[0]] },
  })
  expect(twice.statusCode).toBe(400)
  expect((await refund(orderId)).status).toBe(202)
  const order = await payments.becomes(orderId, 'REFUNDED')
  expect(order).toMatchObject({ paymentStatus: 'REFUNDED', refundedAmount: 15_000 })
  await expectEven(orderId)
  expect(await refundsOf(orderId)).toMatchObject([
    { amount: 5_000, ticketIds: [first] },
    { amount: 10_000, ticketIds: others.toSorted() },
  ])
})

test("after the organizer's date, or without one, a buyer is too late; an organizer is not", async () => {
  const { orderId, tickets } = await confirmed()
  payments.catalog.events.set(eventId, {
    organizerId: organizer.userId,
    refundableUntil: new Date(Date.now() - 1_000),
  })
  expect(await refund(orderId)).toMatchObject(notRefundable(/until/))
  payments.catalog.events.set(eventId, { organizerId: organizer.userId })
  expect(await refund(orderId)).toMatchObject(notRefundable(/cannot be returned/))
  expect(await payments.order(orderId)).toMatchObject({ status: 'CONFIRMED', refundedAmount: 0 })
  expect((await refund(orderId, { by: organizer, ticketIds: tickets.slice(0, 1) })).status).toBe(202)
  await until(async () => expect((await payments.order(orderId)).refundedAmount).toBe(5_000))
  const admin = await payments.authority.user(['USER', 'ADMIN'])
  expect((await refund(orderId, { by: admin })).status).toBe(202)
  await payments.becomes(orderId, 'REFUNDED')
})

test('a used ticket blocks a refund by its buyer, not by its organizer', async () => {
  const { orderId, tickets } = await confirmed()
  const [used] = payments.stub.issued.get(orderId) ?? []
  if (used) used.used = true
  expect(await refund(orderId)).toMatchObject({
    ...notRefundable(/used/),
    body: { ticketIds: [used?.ticketId] },
  })
  expect(await payments.order(orderId)).toMatchObject({
    status: 'CONFIRMED',
    paymentStatus: 'COMPLETED',
    refundedAmount: 0,
  })
  expect(await refundsOf(orderId)).toMatchObject([
    { status: 'FAILED', amount: null, failureReason: 'TICKETS_USED' },
  ])
  expect((await refund(orderId, { ticketIds: tickets.slice(1) })).status).toBe(202)
  await until(async () => expect((await payments.order(orderId)).refundedAmount).toBe(5_000))
  expect((await refund(orderId, { by: organizer })).status).toBe(202)
  await payments.becomes(orderId, 'REFUNDED')
  await expectEven(orderId)
})

test('only a confirmed order can be refunded, and only by users who may see it', async () => {
  const orderId = orderIdOf(await payments.buy('pm_card_visa'))
  expect(await refund(orderId)).toMatchObject(notRefundable(/being issued/))
  const stranger = await payments.authority.user(['USER', 'ORGANIZER'])
  expect(await refund(orderId, { by: stranger })).toMatchObject({
    status: 404,
    body: { error: 'ORDER_NOT_FOUND' },
  })
  expect((await payments.clientOf(stranger.headers).listRefunds({ params: { orderId } })).status).toBe(404)
  const declined = orderIdOf(await payments.buy('pm_card_visa_chargeDeclined'))
  expect(await refund(declined)).toMatchObject(notRefundable(/failed/))
})

test('fifty at once are one refund', async () => {
  const { orderId } = await confirmed()
  const answers = await Promise.all(Array.from({ length: 50 }, () => refund(orderId)))
  expect(answers.filter(({ status }) => status === 202)).toHaveLength(1)
  for (const answer of answers)
    if (answer.status !== 202) expect(answer).toMatchObject(notRefundable(/refund|being processed/))
  await payments.becomes(orderId, 'REFUNDED')
  expect(await payments.moneyOf(orderId)).toMatchObject({ captured: 10_000, refunded: 10_000 })
  expect(await refund(orderId)).toMatchObject(notRefundable(/has been refunded/))
})

test('fifty under one key are one refund, and its answer comes again', async () => {
  const { orderId } = await confirmed()
  const key = randomUUID()
  const answers = await Promise.all(Array.from({ length: 50 }, () => refund(orderId, { key })))
  const done = answers.filter(({ status }) => status === 202)
  expect(done.length).toBeGreaterThan(0)
  for (const answer of answers)
    if (answer.status !== 202)
      expect(answer).toMatchObject({ status: 409, body: { error: 'IDEMPOTENCY_IN_PROGRESS' } })
  expect(await refund(orderId, { key })).toEqual(done[0])
  expect(await refundsOf(orderId)).toHaveLength(1)
  expect(await payments.moneyOf(orderId)).toMatchObject({ refunded: 10_000 })
})

test('with the gateway down tickets are cancelled, and the money goes later, once', async () => {
  const { orderId } = await confirmed()
  await payments.sandbox.setFault({ mode: 'down' })
  expect(await refund(orderId, { noWait: true })).toMatchObject({ status: 202, body: { status: 'PENDING' } })
  await until(async () =>
    expect(await refundsOf(orderId)).toMatchObject([{ status: 'PENDING', amount: 10_000 }]),
  )
  expect(await payments.order(orderId)).toMatchObject({
    status: 'REFUND_PENDING',
    paymentStatus: 'COMPLETED',
    refundedAmount: 0,
  })
  expect(await refund(orderId)).toMatchObject(notRefundable(/in progress/))
  await payments.sandbox.setFault({ mode: 'ok' })
  await payments.becomes(orderId, 'REFUNDED')
  expect(await payments.moneyOf(orderId)).toMatchObject({ captured: 10_000, refunded: 10_000 })
})

test('while the ticket service is down the refund waits, and is made when it is back', async () => {
  const { orderId } = await confirmed()
  payments.stub.state.isDown = true
  expect(await refund(orderId, { noWait: true })).toMatchObject({
    status: 202,
    body: { status: 'PENDING', amount: null },
  })
  payments.stub.state.isDown = false
  await payments.becomes(orderId, 'REFUNDED')
  await expectEven(orderId)
})

test('while the event service is down a refund is answered 503', async () => {
  const { orderId } = await confirmed()
  payments.catalog.state.isDown = true
  await expect(refund(orderId)).rejects.toThrow('answered 503 SERVICE_UNAVAILABLE')
  expect(await payments.order(orderId)).toMatchObject({ status: 'CONFIRMED' })
})

test('a free order goes back without the gateway, and nothing says that money did', async () => {
  payments.stub.state.price = 0 as never
  const { orderId } = await confirmed()
  await payments.sandbox.setFault({ mode: 'down' })
  expect(await refund(orderId)).toMatchObject({ status: 202, body: { status: 'SUCCEEDED', amount: 0 } })
  expect(await payments.order(orderId)).toMatchObject({
    status: 'REFUNDED',
    paymentStatus: 'COMPLETED',
    refundedAmount: 0,
  })
  await payments.probe.waitFor(orderCancelled, ({ payload }) => payload.orderId === orderId)
  const { rows } = await payments.deps.pool.query(
    `select event_type from ${WRITTEN} where body->'payload'->>'orderId' = $1
       and event_type = 'REFUND_PROCESSED'`,
    [orderId],
  )
  expect(rows).toEqual([])
  expect(await refund(orderId)).toMatchObject(notRefundable(/^the tickets of the order have been returned$/))
})

test('free tickets can be returned until the event is over, whatever the deadline', async () => {
  payments.stub.state.price = 0 as never
  const [past, eventDate] = [new Date(Date.now() - 1_000), new Date(Date.now() - 3_600_000)]
  const orders = [await confirmed(), await confirmed(), await confirmed()] as const
  payments.catalog.events.set(eventId, { organizerId: organizer.userId, eventDate })
  expect(await refund(orders[0].orderId)).toMatchObject({ status: 202 })
  payments.catalog.events.set(eventId, { organizerId: organizer.userId, eventDate, refundableUntil: past })
  expect(await refund(orders[1].orderId)).toMatchObject({ status: 202 })
  payments.catalog.events.set(eventId, { organizerId: organizer.userId, eventDate, endDate: past })
  expect(await refund(orders[2].orderId)).toMatchObject(notRefundable(/over/))
})

test('the free tickets of a paid order are returned like those of a free order', async () => {
  const { orderId, tickets } = await confirmed(3)
  const guest = randomUUID() as TicketTypeId
  const { pool } = payments.deps
  await pool.query(
    'insert into order_items (order_id, ticket_type_id, quantity, unit_price_minor) values ($1, $2, 1, 0)',
    [orderId, guest],
  )
  await pool.query(
    `update sagas set context = jsonb_set(context, '{issued,0,ticketTypeId}', to_jsonb($2::text))
     where order_id = $1`,
    [orderId, guest],
  )
  const issued = payments.stub.issued.get(orderId) ?? []
  const { rows } = await pool.query(
    `select context#>>'{issued,0,ticketId}' as id from sagas where order_id = $1`,
    [orderId],
  )
  const free = issued.find(({ ticketId }) => ticketId === rows[0].id)
  if (!free) throw new Error('no free ticket')
  free.unitPrice = 0 as never
  payments.catalog.events.set(eventId, { organizerId: organizer.userId })
  const paid = tickets.filter((ticketId) => ticketId !== free.ticketId)
  expect(await refund(orderId, { ticketIds: [free.ticketId, ...paid.slice(0, 1)] })).toMatchObject(
    notRefundable(/cannot be returned/),
  )
  expect(await refund(orderId, { ticketIds: [free.ticketId] })).toMatchObject({
    status: 202,
    body: { status: 'SUCCEEDED', amount: 0 },
  })
  expect(await payments.order(orderId)).toMatchObject({
    status: 'CONFIRMED',
    paymentStatus: 'COMPLETED',
    refundedAmount: 0,
  })
})

test('a buyer is too late once the event is over; its organizer and administrators are not', async () => {
  const { orderId, tickets } = await confirmed(3)
  const refundableUntil = new Date(Date.now() + DAY_MS)
  const startedAt = (hours: number) => new Date(Date.now() - hours * 3_600_000)
  for (const dates of [{ eventDate: startedAt(3), endDate: startedAt(0) }, { eventDate: startedAt(12) }]) {
    payments.catalog.events.set(eventId, { organizerId: organizer.userId, refundableUntil, ...dates })
    expect(await refund(orderId)).toMatchObject(notRefundable(/over/))
  }
  const [first, second, third] = tickets
  expect((await refund(orderId, { by: organizer, ticketIds: [first as TicketId] })).status).toBe(202)
  await payments.becomes(orderId, 'CONFIRMED')
  const admin = await payments.authority.user(['USER', 'ADMIN'])
  expect((await refund(orderId, { by: admin, ticketIds: [second as TicketId] })).status).toBe(202)
  await payments.becomes(orderId, 'CONFIRMED')
  payments.catalog.events.set(eventId, {
    organizerId: organizer.userId,
    refundableUntil,
    eventDate: startedAt(11),
  })
  expect((await refund(orderId, { ticketIds: [third as TicketId] })).status).toBe(202)
})

test('a ticket message that arrives after the refund changes nothing', async () => {
  const { orderId } = await confirmed()
  await refund(orderId)
  await payments.becomes(orderId, 'REFUNDED')
  await payments.publishTicketsGenerated(orderId)
  const marker = orderIdOf(await payments.buy('pm_card_visa'))
  await payments.publishTicketsGenerated(marker)
  await payments.becomes(marker, 'CONFIRMED')
  expect(await payments.order(orderId)).toMatchObject({ status: 'REFUNDED', refundedAmount: 10_000 })
  expect((await payments.order(orderId)).tickets).toHaveLength(2)
})

test('the books balance and agree with the gateway, and every journal replays to its state', async () => {
  const { pool } = payments.deps
  const { rows: uneven } = await pool.query(
    `select reference from ledger_entries group by reference
     having sum(case side when 'DEBIT' then amount_minor else -amount_minor end) <> 0 or count(*) <> 2`,
  )
  expect(uneven).toEqual([])
  const { rows: kept } = await pool.query<{ order_id: OrderId; kept: number; refunded: number }>(
    `select l.order_id, o.refunded_amount_minor as refunded,
       sum(case side when 'DEBIT' then amount_minor else -amount_minor end)::int as kept
     from ledger_entries l join orders o using (order_id) where account = 'gateway' group by 1, 2`,
  )
  expect(kept.length).toBeGreaterThan(5)
  for (const row of kept) {
    const { captured, refunded } = await payments.moneyOf(row.order_id)
    expect(row).toMatchObject({ kept: captured - refunded, refunded })
  }
  const { rows } = await pool.query<{
    order_id: OrderId
    state: string
    refund_id: string
    inputs: SagaInput[]
  }>(
    `select s.order_id, s.state, s.context->>'refundId' as refund_id,
       jsonb_agg(e.input order by e.seq) as inputs
     from sagas s join saga_events e on e.order_id = s.order_id and e.moment = 'RESULT' group by 1, 2, 3`,
  )
  for (const { state, inputs, refund_id } of rows) {
    const begun = { purchase: { kind: 'direct' }, refundId: refund_id, paymentToken: 'pm' } as Begun
    expect(replay(begun, inputs).state).toBe(state)
  }
})

test('a refund of an order whose tickets are missing is accepted later, for all of it', async () => {
  const orderId = orderIdOf(await payments.buy('pm_card_visa'))
  expect(await refund(orderId)).toMatchObject(notRefundable(/are being issued: try again in a minute/))
  await agePayment(orderId)
  expect(await refund(orderId)).toMatchObject({ status: 202, body: { status: 'SUCCEEDED', amount: 10_000 } })
  expect(await payments.order(orderId)).toMatchObject({
    status: 'REFUNDED',
    paymentStatus: 'REFUNDED',
    refundedAmount: 10_000,
  })
  expect(await payments.moneyOf(orderId)).toMatchObject({ captured: 10_000, refunded: 10_000 })
  await payments.probe.waitFor(refundProcessed, ({ payload }) => payload.orderId === orderId)
})

test('a refund of tickets used before they were known fails, and the order is confirmed', async () => {
  const orderId = orderIdOf(await payments.buy('pm_card_visa'))
  await agePayment(orderId)
  payments.stub.issued.set(orderId, [
    { ticketId: randomUUID() as TicketId, ticketTypeId, unitPrice: 5_000 as Minor, used: true },
    { ticketId: randomUUID() as TicketId, ticketTypeId, unitPrice: 5_000 as Minor, used: false },
  ])
  expect(await refund(orderId)).toMatchObject(notRefundable(/used, transferred or refunded already/))
  await payments.publishTicketsGenerated(orderId)
  await payments.becomes(orderId, 'CONFIRMED')
  expect(await payments.moneyOf(orderId)).toMatchObject({ captured: 10_000, refunded: 0 })
})

/** Moves the payment two hours into the past. */
const agePayment = (orderId: OrderId) =>
  payments.deps.pool.query(
    `update orders set completed_at = completed_at - interval '2 hours' where order_id = $1`,
    [orderId],
  )
