import { randomUUID } from 'node:crypto'
import {
  type EventId,
  type OrderId,
  orderCancelled,
  paymentCompleted,
  paymentsInternalRoutes,
} from '@boxoffice/contracts'
import { injectClient } from '@boxoffice/service-kit/testing'
import { until } from '@boxoffice/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { chargeKey } from '../src/saga/keys.ts'
import { orderIdOf, startService, type TestService } from './start-service.ts'
import { eventId } from './stubs.ts'

let payments: TestService
beforeAll(async () => {
  payments = await startService()
})
afterEach(async () => {
  payments.stub.state.isDown = false
  payments.stub.state.price = 5_000 as never
  await payments.sandbox.setFault({ mode: 'ok' })
})
afterAll(() => payments.stop())

const newOrder = (extra: object) =>
  payments.client.createOrder({
    headers: { 'idempotency-key': randomUUID() },
    body: {
      paymentMethod: 'CREDIT_CARD',
      paymentToken: 'pm_card_visa',
      holderName: 'x',
      eventId,
      ...extra,
    } as never,
  })
const ticketTypeId = randomUUID()

test('orders are shown to the notification service, several at once', async () => {
  const caller = await payments.authority.service('notification-service', 'payment-service')
  const { getOrderInfo, getOrderInfos } = injectClient(payments.app, paymentsInternalRoutes, caller)
  const bought = await Promise.all([payments.buy('pm_card_visa'), payments.buy('pm_card_visa')])
  const orderIds = bought.map(orderIdOf).sort()
  const { body } = await getOrderInfos({ body: { orderIds: [...orderIds, randomUUID() as OrderId] } })
  const orders = body.orders.toSorted((a, b) => (a.orderId < b.orderId ? -1 : 1))
  const each = await Promise.all(
    orderIds.map(async (orderId) => (await getOrderInfo({ params: { orderId } })).body),
  )
  expect(orders.map(({ orderId, totalAmount, items }) => ({ orderId, totalAmount, items }))).toEqual(
    (each as typeof orders).map(({ orderId, totalAmount, items }) => ({ orderId, totalAmount, items })),
  )
})

describe('what is bought', () => {
  test('at another price than the expected one is not charged, and released', async () => {
    const answer = await newOrder({ ticketRequests: [{ ticketTypeId, quantity: 2 }], expectedTotal: 9_999 })
    expect(answer).toMatchObject({
      status: 409,
      body: { error: 'PRICE_CHANGED', orderId: expect.any(String) },
    })
    const orderId = orderIdOf(answer)
    await until(() => expect(payments.stub.claims.get(orderId)).toMatchObject({ released: true }))
    expect(await payments.moneyOf(orderId)).toMatchObject({ captured: 0, successfulCharges: 0 })
    const right = await newOrder({ ticketRequests: [{ ticketTypeId, quantity: 2 }], expectedTotal: 10_000 })
    expect(right.status).toBe(201)
  })
  test('for nothing is paid at once, and the gateway never hears of it', async () => {
    payments.stub.state.price = 0 as never
    await payments.sandbox.setFault({ mode: 'down' })
    const answer = await payments.buy('pm_card_visa')
    expect(answer).toMatchObject({
      status: 201,
      body: { status: 'PAID', paymentStatus: 'COMPLETED', totalAmount: 0 },
    })
  })
  test('as seats shows its seats, lines of one type together', async () => {
    const seats = ['1-A-1', '1-A-2', '1-A-3']
    const ticketRequests = [{ seatIds: seats.slice(0, 2) }, { seatIds: seats.slice(2) }]
    const answer = await newOrder({
      ticketRequests: ticketRequests.map((request) => ({ ticketTypeId, ...request })),
    })
    const items = [{ quantity: 3, totalPrice: 15_000, seatIds: seats }]
    expect(answer).toMatchObject({ status: 201, body: { totalAmount: 15_000, items } })
    expect((await payments.order(orderIdOf(answer))).items).toMatchObject(items)
  })
  test('as seats that are taken is refused with them, and again when asked again', async () => {
    payments.stub.state.taken = ['1-B-2' as never]
    const key = randomUUID()
    const refusal = { status: 409, body: { error: 'SEATS_TAKEN', reserved: false, seatIds: ['1-B-2'] } }
    const first = await payments.buy('pm_card_visa', { key, seatIds: ['1-B-1', '1-B-2'] })
    expect(first).toMatchObject(refusal)
    expect(await payments.buy('pm_card_visa', { key, seatIds: ['1-B-1', '1-B-2'] })).toMatchObject(refusal)
  })
})

describe('the name on the tickets', () => {
  test('changes while the order waits, and is the one that the tickets are made for', async () => {
    payments.stub.state.isDown = true
    const orderId = orderIdOf(await payments.buy('pm_card_visa', { noWait: true }))
    const answer = await payments.client.updateOrder({
      params: { orderId },
      body: { holderName: 'Jan Nowak' },
    })
    expect(answer).toMatchObject({ status: 200, body: { holderName: 'Jan Nowak', status: 'PENDING' } })
    payments.stub.state.isDown = false
    const { payload } = await payments.probe.waitFor(
      paymentCompleted,
      (message) => message.payload.orderId === orderId,
    )
    expect(payload.holderName).toBe('Jan Nowak')
  })
  test('changes while the charge is under way, and nothing is charged twice', async () => {
    const charge = payments.holdCharge()
    const buying = payments.buy('pm_card_visa')
    await charge.reached
    const orderId = await until(async () => {
      const { rows } = await payments.deps.pool.query("select order_id from sagas where state = 'CHARGING'")
      return rows[0].order_id as never
    })
    const answer = await payments.client.updateOrder({
      params: { orderId },
      body: { holderName: 'Jan Nowak' },
    })
    expect(answer.status).toBe(200)
    charge.release()
    await buying
    const { payload } = await payments.probe.waitFor(
      paymentCompleted,
      (message) => message.payload.orderId === orderId,
    )
    expect(payload.holderName).toBe('Jan Nowak')
    expect((await payments.order(orderId)).holderName).toBe('Jan Nowak')
    expect(await payments.moneyOf(orderId)).toMatchObject({ captured: 10_000, successfulCharges: 1 })
  })
  test('does not change once the order is paid, nor for strangers', async () => {
    const params = { orderId: orderIdOf(await payments.buy('pm_card_visa')) }
    const body = { holderName: 'Jan Nowak' }
    expect(await payments.client.updateOrder({ params, body })).toMatchObject({
      status: 409,
      body: { error: 'ORDER_NOT_PENDING' },
    })
    const stranger = payments.clientOf((await payments.authority.user()).headers)
    expect((await stranger.updateOrder({ params, body })).status).toBe(404)
    expect((await stranger.cancelOrder({ params })).status).toBe(404)
    expect((await payments.order(params.orderId)).holderName).toBe('Zofia Łącka')
  })
})

describe('an order that its buyer cancels', () => {
  test('before any charge is cancelled at once and repeatably, and its tickets are released', async () => {
    payments.stub.state.isDown = true
    const key = randomUUID()
    const orderId = orderIdOf(await payments.buy('pm_card_visa', { key, noWait: true }))
    for (const _ of [1, 2]) {
      const answer = await payments.client.cancelOrder({ params: { orderId } })
      expect(answer).toMatchObject({ status: 202, body: { status: 'CANCELLED' } })
    }
    payments.stub.state.isDown = false
    await until(async () => expect(await payments.sagaState(orderId)).toBe('CANCELLED'))
    await payments.probe.waitFor(orderCancelled, ({ payload }) => payload.orderId === orderId)
    expect(await payments.buy('pm_card_visa', { key })).toMatchObject({
      status: 409,
      body: { error: 'ORDER_CANCELLED', orderId },
    })
    expect(await payments.moneyOf(orderId)).toMatchObject({ captured: 0 })
  })
  test('while the gateway charges continues if the charge came first, and the history says so', async () => {
    const charge = payments.holdCharge()
    const buying = payments.buy('pm_card_visa')
    await charge.reached
    const orderId = await until(async () => {
      const { rows } = await payments.deps.pool.query("select order_id from sagas where state = 'CHARGING'")
      return rows[0].order_id as never
    })
    const answer = await payments.client.cancelOrder({ params: { orderId } })
    expect(answer).toMatchObject({ status: 202, body: { status: 'PENDING' } })
    charge.release()
    await buying
    await payments.becomes(orderId, 'PAID')
    expect(await payments.moneyOf(orderId)).toMatchObject({ captured: 10_000, successfulCharges: 1 })
    const history = await payments.client.getOrderHistory({ params: { orderId } })
    if (history.status !== 200) throw new Error('refused')
    expect(history.body.history).toMatchObject([
      {},
      {},
      {},
      {},
      { step: 'CANCEL', result: 'CANCEL_REQUESTED' },
      {},
      { step: 'CHARGE', result: 'CHARGED', detail: expect.stringContaining('too late') },
      {},
    ])
    expect(await payments.client.cancelOrder({ params: { orderId } })).toMatchObject({
      status: 409,
      body: { error: 'ORDER_NOT_PENDING' },
    })
  })
  test('while the charge is unknown waits for the gateway; a later charge is impossible', async () => {
    await payments.sandbox.setFault({ mode: 'down' })
    const orderId = orderIdOf(await payments.buy('pm_card_visa', { noWait: true }))
    await until(async () => expect(await payments.order(orderId)).toMatchObject({ paymentStatus: 'UNKNOWN' }))
    for (const _ of [1, 2])
      expect((await payments.client.cancelOrder({ params: { orderId } })).status).toBe(202)
    // The charge that was in flight at the time of the request has ended.
    await until(async () => {
      const { rows } = await payments.deps.pool.query(
        'select state, last_error from sagas where order_id = $1',
        [orderId],
      )
      expect(rows).toEqual([{ state: 'CANCELLING_CHARGE', last_error: 'unreachable' }])
    })
    await payments.sandbox.setFault({ mode: 'ok' })
    await payments.becomes(orderId, 'CANCELLED')
    await until(() => expect(payments.stub.claims.get(orderId)).toMatchObject({ released: true }))
    const late = await payments.deps.gateway.charge({
      orderId,
      amount: 10_000 as never,
      currency: 'EUR',
      paymentToken: 'pm_card_visa',
      key: chargeKey(orderId),
    })
    expect(late.outcome).toBe('unknown')
    expect(await payments.moneyOf(orderId)).toMatchObject({ captured: 0, successfulCharges: 0 })
  })
})

describe('who sees orders', () => {
  test("an event's organizer sees its orders, no other does; a draft is not found by others", async () => {
    const organizer = await payments.authority.user(['USER', 'ORGANIZER'])
    const other = payments.clientOf((await payments.authority.user(['USER', 'ORGANIZER'])).headers)
    const admin = payments.clientOf((await payments.authority.user(['USER', 'ADMIN'])).headers)
    const ours = payments.clientOf(organizer.headers)
    const theirs = randomUUID() as EventId
    const draft = randomUUID() as EventId
    payments.catalog.events.set(theirs, { organizerId: organizer.userId })
    payments.catalog.events.set(draft, { organizerId: organizer.userId, status: 'DRAFT' })
    const orderIds = []
    for (const _ of [1, 2, 3])
      orderIds.push(orderIdOf(await payments.buy('pm_card_visa', { eventId: theirs })))

    const listed = await ours.listOrders({ query: { eventId: theirs, limit: 2 } })
    if (listed.status !== 200) throw new Error('refused')
    const rest = await ours.listOrders({ query: { eventId: theirs, cursor: listed.body.nextCursor ?? '' } })
    if (rest.status !== 200) throw new Error('refused')
    expect([...listed.body.orders, ...rest.body.orders].map(({ orderId }) => orderId)).toEqual(
      orderIds.toReversed(),
    )
    expect((await admin.listOrders({ query: { eventId: theirs } })).body).toMatchObject({
      orders: [{}, {}, {}],
    })
    expect(await other.listOrders({ query: { eventId: theirs } })).toMatchObject({
      status: 403,
      body: { error: 'FORBIDDEN' },
    })
    expect((await payments.client.listOrders({ query: { eventId: theirs } })).status).toBe(403)
    expect(await other.listOrders({ query: { eventId: draft } })).toMatchObject({
      status: 404,
      body: { error: 'EVENT_NOT_FOUND' },
    })
    expect((await ours.listOrders({ query: { eventId: draft } })).body).toMatchObject({ orders: [] })
    expect((await admin.listOrders({ query: { eventId: randomUUID() as EventId } })).status).toBe(404)

    const params = { orderId: orderIds[0] as never }
    expect((await ours.getOrder({ params })).status).toBe(200)
    expect((await admin.getOrder({ params })).status).toBe(200)
    expect((await other.getOrder({ params })).status).toBe(404)
    expect((await ours.getOrderHistory({ params })).status).toBe(404)
    expect((await admin.getOrderHistory({ params })).status).toBe(200)
  })
  test('while the event service is down a buyer still sees their own', async () => {
    const orderId = orderIdOf(await payments.buy('pm_card_visa'))
    payments.catalog.state.isDown = true
    expect((await payments.client.getOrder({ params: { orderId } })).status).toBe(200)
    payments.catalog.state.isDown = false
  })
})
