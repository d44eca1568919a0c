import { randomUUID } from 'node:crypto'
import {
  type OrderId,
  orderConfirmed,
  paymentCompleted,
  paymentFailed,
  type ReservationId,
  refundProcessed,
  TICKETS_PER_ORDER_MAX,
  ticketsRejected,
} from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { replay } from '../src/saga/advance.ts'
import type { SagaInput } from '../src/saga/input.ts'
import { orderIdOf, startService, type TestService } from './start-service.ts'
import { eventId, ticketTypeId } from './stubs.ts'

let payments: TestService
beforeAll(async () => {
  payments = await startService()
})
afterAll(() => payments.stop())

const ledgerOf = (orderId: OrderId) => payments.moneyOf(orderId)

test('a purchase is charged once, answered as paid, and confirmed when tickets are issued', async () => {
  const answer = await payments.buy('pm_card_visa')
  expect(answer).toMatchObject({
    status: 201,
    body: { status: 'PAID', paymentStatus: 'COMPLETED', totalAmount: 10_000, currency: 'EUR' },
  })
  const orderId = orderIdOf(answer)
  expect(await ledgerOf(orderId)).toMatchObject({ captured: 10_000, refunded: 0, successfulCharges: 1 })
  const message = await payments.probe.waitFor(paymentCompleted, ({ payload }) => payload.orderId === orderId)
  expect(message.payload).toMatchObject({
    holderName: 'Zofia Łącka',
    totalAmount: 10_000,
    items: [{ quantity: 2, unitPrice: 5_000 }],
  })

  await payments.publishTicketsGenerated(orderId)
  await payments.probe.waitFor(orderConfirmed, ({ payload }) => payload.orderId === orderId)
  expect(await payments.order(orderId)).toMatchObject({ status: 'CONFIRMED', tickets: [{}, {}] })
})

test('our books have two sides and agree with the gateway', async () => {
  const { rows } = await payments.deps.pool.query(
    `select reference,
       sum(case side when 'DEBIT' then amount_minor else -amount_minor end)::int as difference,
       count(*)::int as entries
     from ledger_entries group by reference`,
  )
  expect(rows.length).toBeGreaterThan(0)
  for (const row of rows) expect(row).toMatchObject({ difference: 0, entries: 2 })
  await expect(payments.deps.pool.query('update ledger_entries set amount_minor = 1')).rejects.toThrow(
    'only ever appended',
  )
})

test.each([
  ['pm_card_visa_chargeDeclined', 'CARD_DECLINED'],
  ['pm_card_visa_chargeDeclinedInsufficientFunds', 'INSUFFICIENT_FUNDS'],
  ['pm_card_authenticationRequired', 'AUTHENTICATION_REQUIRED'],
  ['pm_there_is_no_such_card', 'CARD_DECLINED'],
])(
  '%s is answered 402 %s, not to be tried again as it is, gives the tickets back and charges nothing',
  async (token, failureReason) => {
    const answer = await payments.buy(token)
    expect(answer).toMatchObject({
      status: 402,
      body: { error: 'PAYMENT_DECLINED', failureReason, retryable: false },
    })
    const orderId = orderIdOf(answer)
    expect(payments.stub.claims.get(orderId)).toMatchObject({ released: true })
    expect(await payments.order(orderId)).toMatchObject({
      status: 'FAILED',
      paymentStatus: 'FAILED',
      failureReason,
    })
    expect(await ledgerOf(orderId)).toMatchObject({ captured: 0, successfulCharges: 0 })
    await payments.probe.waitFor(paymentFailed, ({ payload }) => payload.orderId === orderId)
  },
)

test.each([
  ['pm_sandbox_error_after_charge', 201, 'PAID'],
  ['pm_sandbox_error_before_charge', 402, 'FAILED'],
  ['pm_sandbox_webhook_twice', 201, 'PAID'],
  ['pm_sandbox_webhook_never', 201, 'PAID'],
  ['pm_sandbox_slow_300', 201, 'PAID'],
])('%s ends in the right state, and the ledger agrees', async (token, status, orderStatus) => {
  const answer = await payments.buy(token)
  expect(answer.status).toBe(status)
  const orderId = orderIdOf(answer)
  expect(await payments.order(orderId)).toMatchObject({ status: orderStatus })
  const charged = orderStatus === 'PAID' ? 1 : 0
  expect(await ledgerOf(orderId)).toMatchObject({ captured: 10_000 * charged, successfulCharges: charged })
  if (charged) return
  expect(payments.stub.claims.get(orderId)).toMatchObject({ released: true })
  // It was not the card's doing: the same payment may succeed later.
  expect(answer).toMatchObject({ body: { failureReason: 'SYSTEM_ERROR', retryable: true } })
})

test('what the ticket service refuses is answered as it said it, with the order', async () => {
  const answer = await payments.buy('pm_card_visa', { quantity: 60 })
  expect(answer).toMatchObject({
    status: 409,
    body: { error: 'INSUFFICIENT_INVENTORY', reserved: false, orderId: expect.any(String) },
  })
  expect(await ledgerOf(orderIdOf(answer))).toMatchObject({ successfulCharges: 0 })
})

test('a limit that is exceeded names the reservations that count against it, and so again', async () => {
  const [key, live] = [randomUUID(), [randomUUID() as ReservationId]]
  payments.stub.state.live = live
  const answer = await payments.buy('pm_card_visa', { key })
  payments.stub.state.live = []
  const refusal = { status: 409, body: { error: 'LIMIT_EXCEEDED', reserved: false, reservationIds: live } }
  expect(answer).toMatchObject(refusal)
  expect(await payments.buy('pm_card_visa', { key })).toMatchObject(refusal)
})

test('fifty clicks under one key are one order and one charge, and all get the same answer', async () => {
  const key = randomUUID()
  const answers = await Promise.all(Array.from({ length: 50 }, () => payments.buy('pm_card_visa', { key })))
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
  expect(answers[0]).toMatchObject({ status: 201 })
  expect(await ledgerOf(orderIdOf(answers[0] as never))).toMatchObject({ successfulCharges: 1 })
})

test('the first answer comes again, whatever came since', async () => {
  const key = randomUUID()
  const first = await payments.buy('pm_card_visa', { key })
  await payments.publishTicketsGenerated(orderIdOf(first))
  await until(async () => expect((await payments.order(orderIdOf(first))).status).toBe('CONFIRMED'))
  expect(await payments.buy('pm_card_visa', { key })).toEqual(first)
})

test('the same key with another body is refused', async () => {
  const key = randomUUID()
  await payments.buy('pm_card_visa', { key })
  expect(await payments.buy('pm_card_visa', { key, quantity: 3 })).toMatchObject({
    status: 422,
    body: { error: 'IDEMPOTENCY_KEY_REUSED' },
  })
})

test('an order without a key is refused', async () => {
  const body = {
    eventId,
    ticketRequests: [{ ticketTypeId, quantity: 1 }],
    paymentMethod: 'CREDIT_CARD',
    paymentToken: 'pm',
    holderName: 'x',
  }
  const answer = await payments.app.inject({
    method: 'POST',
    url: '/api/payments/orders',
    headers: payments.buyer.headers,
    payload: body,
  })
  expect(answer.statusCode).toBe(400)
  expect(answer.json().details).toMatchObject([{ path: 'headers.idempotency-key' }])
})

test("a buyer's own reservation is claimed rather than made", async () => {
  const before = payments.stub.calls.filter((call) => call === 'claim').length
  const answer = await payments.client.createOrder({
    headers: { 'idempotency-key': randomUUID() },
    body: {
      reservationId: randomUUID() as never,
      paymentMethod: 'CREDIT_CARD',
      paymentToken: 'pm_card_visa',
      holderName: 'x',
    },
  })
  expect(answer).toMatchObject({ status: 201, body: { totalAmount: 5_000, eventId } })
  expect(payments.stub.calls.filter((call) => call === 'claim').length).toBe(before + 1)
})

test('rejected tickets are refunded once, and the buyer is notified', async () => {
  const orderId = orderIdOf(await payments.buy('pm_card_visa'))
  const { reservationId } = await payments.order(orderId)
  const reject = () =>
    payments.deps.db.transact((tx) =>
      payments.appendAny(
        tx,
        ticketsRejected,
        { orderId, userId: payments.buyer.userId, eventId, reservationId, reason: 'SEATS_GONE' },
        { aggregateVersion: 1 },
      ),
    )
  await Promise.all([reject(), reject()])
  await payments.probe.waitFor(refundProcessed, ({ payload }) => payload.orderId === orderId)
  expect(await payments.order(orderId)).toMatchObject({
    status: 'REFUNDED',
    paymentStatus: 'REFUNDED',
    refundedAmount: 10_000,
  })
  expect(await ledgerOf(orderId)).toMatchObject({ captured: 10_000, refunded: 10_000 })
})

test("another buyer's order is not found", async () => {
  const orderId = orderIdOf(await payments.buy('pm_card_visa'))
  const stranger = await payments.authority.user()
  for (const path of ['', '/history']) {
    const answer = await payments.app.inject({
      url: `/api/payments/orders/${orderId}${path}`,
      headers: stranger.headers,
    })
    expect(answer.statusCode).toBe(404)
    expect(answer.json()).toMatchObject({ error: 'ORDER_NOT_FOUND', requestId: expect.any(String) })
  }
})

test('the list of orders has pages, the newest first', async () => {
  const first = await payments.client.listOrders({ query: { limit: 2 } })
  if (first.status !== 200) throw new Error('refused')
  const second = await payments.client.listOrders({
    query: { limit: 100, cursor: first.body.nextCursor ?? '' },
  })
  if (second.status !== 200) throw new Error('refused')
  const orders = [...first.body.orders, ...second.body.orders]
  expect(new Set(orders.map(({ orderId }) => orderId)).size).toBe(orders.length)
  const times = orders.map(({ createdAt }) => createdAt.getTime())
  expect(times).toEqual(times.toSorted((a, b) => b - a))
})

test('a list of orders has pages that end where their tickets are many', async () => {
  const buyer = await payments.authority.user()
  const client = payments.clientOf(buyer.headers)
  const listed: string[][] = []
  const quantities = [50, 1, TICKETS_PER_ORDER_MAX, 2, 3]
  const { rows } = await payments.deps.pool.query<{ order_id: string }>(
    `with made as (
       insert into orders (order_id, order_number, user_id, event_id, reservation_id, payment_method,
         holder_name, idempotency_key, body_hash,
         created_at)
       select gen_random_uuid(), 'ORD-1999-' || place, $1, gen_random_uuid(), gen_random_uuid(),
         'CREDIT_CARD', 'Ada', place, '', clock_timestamp() - place * interval '1 minute'
       from generate_series(1, $3) place
       returning order_id, idempotency_key::int as place),
     filled as (
       insert into order_items (order_id, ticket_type_id, quantity, unit_price_minor)
       select order_id, gen_random_uuid(), ($2::int[])[place], 1 from made)
     select order_id from made order by place`,
    [buyer.userId, quantities, quantities.length],
  )
  let cursor: string | undefined
  do {
    const { status, body } = await client.listOrders({ query: { limit: 4, ...(cursor && { cursor }) } })
    if (status !== 200) throw new Error('refused')
    listed.push(body.orders.map(({ orderId }) => orderId))
    cursor = body.nextCursor ?? undefined
  } while (cursor)
  const [a, b, c, d, e] = rows.map((row) => row.order_id)
  expect(listed).toEqual([[a, b], [c], [d, e]])
})

test('the history tells the buyer what happened, and the journal replays to the state', async () => {
  const orderId = orderIdOf(await payments.buy('pm_card_visa_chargeDeclined'))
  const answer = await payments.client.getOrderHistory({ params: { orderId } })
  if (answer.status !== 200) throw new Error('refused')
  expect(answer.body.history.map(({ step, result }) => `${step} ${result}`)).toEqual([
    'ORDER CREATED',
    'RESERVE STARTED',
    'RESERVE RESERVED',
    'CHARGE STARTED',
    'CHARGE DECLINED',
    'RELEASE STARTED',
    'RELEASE RELEASED',
  ])
  const { rows } = await payments.deps.pool.query(
    "select order_id, input from saga_events where moment = 'RESULT' order by order_id, seq",
  )
  const journals = Map.groupBy(rows as { order_id: OrderId; input: SagaInput }[], ({ order_id }) => order_id)
  for (const [order, events] of journals) {
    const begun = { purchase: { kind: 'direct' }, paymentToken: 'pm' } as never
    expect(
      replay(
        begun,
        events.map(({ input }) => input),
      ).state,
    ).toBe(await payments.sagaState(order))
  }
})

test('no payment token is kept in the database once the order is paid or failed', async () => {
  await until(async () => {
    const { rows } = await payments.deps.pool.query(
      "select state from sagas where context::text like '%pm\\_%'",
    )
    expect(rows).toEqual([])
  })
})

test("a webhook whose signature is not the gateway's is refused and not kept", async () => {
  const answer = await payments.app.inject({
    method: 'POST',
    url: '/api/payments/webhooks/stripe',
    headers: { 'content-type': 'application/json', 'stripe-signature': 't=1,v1=00' },
    payload: { id: 'evt_forged', type: 'payment_intent.succeeded' },
  })
  expect(answer.statusCode).toBe(400)
  expect(
    (await payments.deps.pool.query("select from webhook_events where webhook_event_id = 'evt_forged'"))
      .rowCount,
  ).toBe(0)
})

test('an operator sees how many purchases are in progress, and in which states', async () => {
  const { orderId } = (await payments.buy('pm_card_visa')).body as { orderId: OrderId }
  const inProgress = async () =>
    (await payments.app.inject('/actuator/prometheus')).body.match(
      /sagas_in_progress\{.*state="AWAITING_TICKETS".*\} (\d+)/,
    )?.[1]
  const before = Number(await inProgress())
  expect(before).toBeGreaterThan(0)
  await payments.publishTicketsGenerated(orderId)
  await until(async () => expect(Number((await inProgress()) ?? 0)).toBe(before - 1))
})
