import { randomUUID } from 'node:crypto'
import type { Minor, NewOrder, ReservationId } from '@boxoffice/contracts'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { orderIdOf, startService, type TestService } from './start-service.ts'
import { eventId, ticketTypeId } from './stubs.ts'

let payments: TestService
beforeAll(async () => {
  payments = await startService()
})
afterEach(() => {
  payments.stub.state.price = 5_000 as Minor
})
afterAll(() => payments.stop())

const holderName = 'Zofia Łącka'
const place = (body: NewOrder, { later = false, key = randomUUID() as string } = {}) =>
  payments.client.createOrder({
    headers: { 'idempotency-key': key, ...(later && { prefer: 'respond-async' }) },
    body,
  })
const direct = { eventId, ticketRequests: [{ ticketTypeId, quantity: 1 }], holderName }

describe('an order without a payment token', () => {
  test('is for free tickets: directly, of a reservation, and accepted for later', async () => {
    payments.stub.state.price = 0 as Minor
    const reservationId = payments.stub.hold(payments.buyer.userId, 0)
    for (const body of [direct, { reservationId, holderName }]) {
      expect(await place(body)).toMatchObject({ status: 201, body: { status: 'PAID', totalAmount: 0 } })
    }
    const accepted = await place(direct, { later: true })
    expect(accepted.status).toBe(202)
    await payments.becomes(orderIdOf(accepted), 'PAID')
  })

  test('of what costs something is refused, and lets go of what it took', async () => {
    const calls = payments.stub.calls.length
    expect(await place(direct)).toMatchObject({
      status: 400,
      body: { error: 'VALIDATION_FAILED', message: expect.stringContaining('paymentToken') },
    })
    expect(payments.stub.calls.slice(calls)).toEqual(['reserve', 'release'])
    const { rows } = await payments.deps.pool.query(
      'select order_id from orders order by created_at desc limit 1',
    )
    const order = await payments.order(rows[0].order_id)
    expect(order).toMatchObject({ status: 'FAILED', totalAmount: 5_000, paymentStatus: 'FAILED' })
  })

  test('of a priced reservation is refused before it is claimed: its buyer keeps it', async () => {
    const reservationId = payments.stub.hold(payments.buyer.userId, 5_000)
    const calls = payments.stub.calls.length
    for (const later of [false, true]) {
      expect(await place({ reservationId, holderName }, { later })).toMatchObject({
        status: 400,
        body: { error: 'VALIDATION_FAILED', details: [{ path: 'body.paymentToken' }] },
      })
    }
    expect(payments.stub.calls.slice(calls)).toEqual([])
    const paid = { reservationId, holderName, paymentToken: 'pm_card_visa' }
    expect(await place(paid)).toMatchObject({ status: 201, body: { paymentMethod: 'CREDIT_CARD' } })
  })

  test('reveals nothing about a reservation that is another user’s, or does not exist', async () => {
    for (const reservationId of [
      payments.stub.hold(randomUUID() as never, 5_000),
      randomUUID() as ReservationId,
    ]) {
      payments.stub.state.expired = true
      expect(await place({ reservationId, holderName })).toMatchObject({
        status: 409,
        body: { error: 'RESERVATION_EXPIRED' },
      })
      payments.stub.state.expired = false
    }
  })
})
