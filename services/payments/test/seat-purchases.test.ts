import { randomUUID } from 'node:crypto'
import {
  type EventId,
  type OrderId,
  seatPurchaseRoutes,
  ticketsRejected,
  type UserId,
  type VenueId,
} from '@boxoffice/contracts'
import { injectClient } from '@boxoffice/service-kit/testing'
import { until } from '@boxoffice/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { buildApp } from '../src/app.ts'
import { orderIdOf, startService, type TestService } from './start-service.ts'
import { eventId, venueId } from './stubs.ts'

let payments: TestService
beforeAll(async () => {
  payments = await startService()
})
afterEach(() => {
  payments.stub.state.taken = []
  payments.stub.state.foundPrice = null
  payments.stub.state.price = 5_000 as never
  payments.auth.state.isDown = false
})
afterAll(() => payments.stop())

const seat = { venueId, eventId, zoneId: 1, rowLabel: 'A', colLabel: '12' }
type Wanted = Partial<typeof seat> & { paymentToken?: string; holderName?: string; userId?: UserId }
const buySeat = (wanted: Wanted = {}, key?: string, client = payments.seats) =>
  client.buySeat({
    ...(key !== undefined && { headers: { 'idempotency-key': key } }),
    body: { ...seat, paymentToken: 'pm_card_visa', ...wanted },
  })
/** The newest order, once it is paid. */
const paid = () =>
  until(async () => {
    const { rows } = await payments.deps.pool.query(
      'select order_id, status, holder_name from orders order by created_at desc limit 1',
    )
    expect(rows[0]?.status).toBe('PAID')
    return rows[0] as { order_id: OrderId; holder_name: string }
  })
const countOrders = async () =>
  Number((await payments.deps.pool.query('select count(*) from orders')).rows[0].count)

describe('a seat', () => {
  test('is bought through the saga, charged once, and answered with its ticket', async () => {
    const buying = buySeat()
    const { order_id: orderId, holder_name } = await paid()
    const [ticketId] = await payments.publishTicketsGenerated(orderId, 1)
    expect(await buying).toMatchObject({
      status: 201,
      body: {
        ticketId,
        orderId,
        status: 'CONFIRMED',
        ...seat,
        price: 5_000,
        currency: 'EUR',
        createdOn: expect.any(Date),
      },
    })
    expect(holder_name).toBe('Zofia Łącka')
    expect(await payments.moneyOf(orderId)).toMatchObject({ captured: 5_000, successfulCharges: 1 })
    expect((await payments.order(orderId)).items).toMatchObject([{ seatIds: ['1-A-12'], quantity: 1 }])
  })
  test('is bought with the body of the reference, which names the buyer, and has its time', async () => {
    const buying = buySeat({ userId: payments.buyer.userId as UserId, colLabel: '17' })
    const { order_id: orderId } = await paid()
    const createdAt = new Date('2026-11-21T10:00:00.123Z')
    await payments.publishTicketsGenerated(orderId, 1, createdAt)
    const bought = await buying
    expect(bought).toMatchObject({ status: 201, body: { orderId, createdOn: createdAt } })
    expect((await payments.order(orderId)).tickets).toMatchObject([{ createdAt }])
  })
  test('can only be bought for oneself: another user’s id is refused, and no order is made', async () => {
    const before = await countOrders()
    expect(await buySeat({ userId: randomUUID() as UserId })).toMatchObject({
      status: 403,
      body: { error: 'FORBIDDEN' },
    })
    expect(await countOrders()).toBe(before)
  })
  test('is unknown in time: 202, and its key gives the ticket once it exists, whatever follows', async () => {
    const key = randomUUID()
    const first = await buySeat({ colLabel: '13' }, key, payments.noWaitSeats)
    const orderId = orderIdOf(first)
    expect(first).toMatchObject({ status: 202, body: { orderId, status: 'PENDING' } })
    await payments.becomes(orderId, 'PAID')
    const calls = payments.stub.calls.length
    const again = buySeat({ colLabel: '13' }, key)
    await payments.publishTicketsGenerated(orderId, 1)
    expect(await again).toMatchObject({ status: 201, body: { orderId, colLabel: '13' } })
    expect(payments.stub.calls.length).toBe(calls)
    expect((await buySeat({ colLabel: '14' }, key)).status).toBe(422)
  })
  test('requested ten times under one key is one order', async () => {
    const before = await countOrders()
    const key = randomUUID()
    const buying = Array.from({ length: 10 }, () => buySeat({ colLabel: '15' }, key))
    const { order_id: orderId } = await paid()
    await payments.publishTicketsGenerated(orderId, 1)
    const answers = await Promise.all(buying)
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(answers[0]).toMatchObject({ status: 201, body: { orderId } })
    expect(await countOrders()).toBe(before + 1)
  })
  test('under the key of an order is another purchase, and without a key each time a new one', async () => {
    const key = randomUUID()
    await payments.buy('pm_card_visa', { key })
    const before = await countOrders()
    const wanted = { paymentToken: 'pm_card_visa_chargeDeclined' }
    expect((await buySeat(wanted, key)).status).toBe(402)
    expect((await buySeat(wanted)).status).toBe(402)
    expect((await buySeat(wanted)).status).toBe(402)
    expect(await countOrders()).toBe(before + 3)
  })
  test('that is taken is refused with 409, a declined card with 402, each with the order', async () => {
    payments.stub.state.taken = ['1-A-16' as never]
    expect(await buySeat({ colLabel: '16' })).toMatchObject({
      status: 409,
      body: { error: 'SEATS_TAKEN', reserved: false, seatIds: ['1-A-16'], orderId: expect.any(String) },
    })
    expect(await buySeat({ paymentToken: 'pm_card_visa_chargeDeclined' })).toMatchObject({
      status: 402,
      body: { error: 'PAYMENT_DECLINED', failureReason: 'CARD_DECLINED', orderId: expect.any(String) },
    })
  })
  test('whose ticket cannot be made is refused, and the money goes back', async () => {
    const key = randomUUID()
    const buying = buySeat({}, key)
    const { order_id: orderId } = await paid()
    const { reservationId } = await payments.order(orderId)
    const payload = { orderId, userId: payments.buyer.userId, eventId, reservationId, reason: 'SEATS_GONE' }
    await payments.deps.db.transact((tx) =>
      payments.appendAny(tx, ticketsRejected, payload, { aggregateVersion: 1 }),
    )
    const refusal = { status: 409, body: { error: 'ORDER_CANCELLED', orderId } }
    expect(await buying).toMatchObject(refusal)
    await payments.becomes(orderId, 'REFUNDED')
    expect(await buySeat({}, key)).toMatchObject(refusal)
    expect(await payments.moneyOf(orderId)).toMatchObject({ captured: 5_000, refunded: 5_000 })
  })
})

describe('what cannot be bought', () => {
  test.each([
    ['an event that is not there', { eventId: randomUUID() as EventId }, 'EVENT_NOT_FOUND'],
    ['an event at another venue', { venueId: randomUUID() as VenueId }, 'EVENT_NOT_FOUND'],
    ['a seat that is not there', { zoneId: 9 }, 'SEAT_NOT_FOUND'],
  ])('%s is 404 %s, and no order is made', async (_, wanted, error) => {
    const before = await countOrders()
    expect(await buySeat(wanted)).toMatchObject({ status: 404, body: { error } })
    expect(await countOrders()).toBe(before)
  })
  test('a malformed key is refused, as is a body that is not of the contract', async () => {
    await expect(buySeat({}, 'a b')).resolves.toMatchObject({
      status: 400,
      body: { error: 'VALIDATION_FAILED' },
    })
    const answer = await payments.app.inject({
      method: 'POST',
      url: '/api/v1/tickets',
      headers: payments.buyer.headers,
      payload: { ...seat, buyerId: randomUUID() },
    })
    expect(answer.statusCode).toBe(400)
    expect(
      (await payments.app.inject({ method: 'POST', url: '/api/v1/tickets', payload: seat })).statusCode,
    ).toBe(401)
  })
})

describe('who pays, and whose name it bears', () => {
  test('a seat that costs something needs a token, unless the platform has one of its own', async () => {
    expect(await buySeat({ paymentToken: undefined })).toMatchObject({
      status: 400,
      body: { error: 'VALIDATION_FAILED', details: [{ path: 'body.paymentToken' }] },
    })
    const config = { ...payments.deps.config, defaultPaymentToken: 'pm_card_visa_chargeDeclined' }
    const app = buildApp({ ...payments.deps, config })
    const client = injectClient(app, seatPurchaseRoutes, payments.buyer.headers)
    expect((await client.buySeat({ body: seat })).status).toBe(402)
    await app.close()
  })
  test('with a token of the platform, the six fields of the reference are a whole request', async () => {
    const app = buildApp({
      ...payments.deps,
      config: { ...payments.deps.config, defaultPaymentToken: 'pm_card_visa' },
    })
    const { headers, userId } = payments.buyer
    const body = { userId, venueId, eventId, zoneId: 1, rowLabel: 'A', colLabel: '18' }
    const buying = app.inject({ method: 'POST', url: '/api/v1/tickets', headers, payload: body })
    const { order_id: orderId } = await paid()
    const [ticketId] = await payments.publishTicketsGenerated(orderId, 1)
    const answer = await buying
    expect(answer.statusCode).toBe(201)
    const { userId: _, ...seatOfEvent } = body
    const made = {
      ticketId,
      orderId,
      status: 'CONFIRMED',
      price: 50,
      currency: 'EUR',
      createdOn: expect.any(String),
    }
    expect(answer.json()).toEqual({ ...seatOfEvent, ...made })
    await app.close()
  })
  test('a seat for nothing needs none, and is not charged when it costs something by then', async () => {
    payments.stub.state.price = 0 as never
    const buying = buySeat({ paymentToken: undefined, holderName: 'Jan Nowak' })
    const { order_id: orderId, holder_name } = await paid()
    await payments.publishTicketsGenerated(orderId, 1)
    expect(await buying).toMatchObject({ status: 201, body: { price: 0 } })
    expect(holder_name).toBe('Jan Nowak')

    payments.stub.state.foundPrice = 0 as never
    payments.stub.state.price = 5_000 as never
    const dearer = await buySeat({ paymentToken: undefined })
    expect(dearer).toMatchObject({
      status: 409,
      body: { error: 'PRICE_CHANGED', orderId: expect.any(String) },
    })
    expect(await payments.moneyOf(orderIdOf(dearer))).toMatchObject({ successfulCharges: 0 })
  })
  test('the name is the user’s own, or their address while the auth service is down', async () => {
    payments.auth.state.isDown = true
    const buying = buySeat()
    const { order_id: orderId, holder_name } = await paid()
    expect(holder_name).toContain('@')
    await payments.publishTicketsGenerated(orderId, 1)
    expect((await buying).status).toBe(201)
  })
})
