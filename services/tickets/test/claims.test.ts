import type { EventId, OrderId, ReservationId, TicketTypeId, UserId } from '@boxoffice/contracts'
import { ServiceUnavailable } from '@boxoffice/service-kit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createOverdueSweep } from '../src/reservations/sweeps.ts'
import { newId, reserveFor, reserveForOrder, seats, some } from './requests.ts'
import { startService, type TestService } from './start-service.ts'

let setting: TestService
beforeAll(async () => {
  setting = await startService()
})
afterAll(() => setting.close())

async function ownReservation(eventId: EventId, typeId: TicketTypeId) {
  const buyer = await setting.user()
  const answer = await buyer.client.createReservation({ body: { eventId, ticketRequests: some(typeId, 2) } })
  if (answer.status !== 201) throw new Error('not reserved')
  return {
    buyer,
    userId: buyer.userId,
    reservationId: answer.body.reservationId,
    expiresAt: answer.body.expiresAt,
  }
}

describe('reserving for an order', () => {
  test('claims at once, and repeated gives the same answer', async () => {
    const { eventId, typeId } = await setting.offer(5)
    const first = await reserveForOrder(setting, eventId, typeId, 2)
    expect(first.answer).toMatchObject({
      status: 200,
      body: { reserved: true, status: 'PAYING', totalAmount: 10_000 },
    })
    const { reservationId, orderId, userId } = first
    const body = { reservationId, orderId, userId, eventId, ticketRequests: some(typeId, 2) }
    expect(await setting.internal.reserve({ body })).toEqual(first.answer)
    expect(await setting.counters(typeId)).toMatchObject({ held: 2 })
    expect(await setting.commands.free(eventId)).toEqual({ [typeId]: 3 })
  })

  test('under an id that another order holds is refused', async () => {
    const { eventId, typeId } = await setting.offer(5)
    const { reservationId, userId } = await reserveForOrder(setting, eventId, typeId)
    const body = { reservationId, userId, orderId: newId<OrderId>(), eventId, ticketRequests: some(typeId) }
    expect(await setting.internal.reserve({ body })).toMatchObject({
      status: 409,
      body: { error: 'RESERVATION_IN_PAYMENT' },
    })
    expect(await setting.commands.free(eventId)).toEqual({ [typeId]: 4 })
  })

  test('says why it is refused', async () => {
    const { eventId, typeId } = await setting.offer(1)
    expect((await reserveForOrder(setting, eventId, typeId, 2)).answer).toMatchObject({
      status: 409,
      body: { reserved: false, error: 'INSUFFICIENT_INVENTORY' },
    })
  })
})

describe('reserving for an order that was refused', () => {
  test('holds nothing when the request arrives again, after places came free', async () => {
    const { eventId, typeId } = await setting.offer(1)
    const other = await reserveForOrder(setting, eventId, typeId)
    const refused = await reserveForOrder(setting, eventId, typeId)
    expect(refused.answer).toMatchObject({ status: 409, body: { error: 'INSUFFICIENT_INVENTORY' } })
    const { orderId, reservationId, userId } = refused
    await setting.internal.releaseClaim({
      body: { orderId: other.orderId, reservationId: other.reservationId, reason: 'PAYMENT_FAILED' },
    })
    const body = { orderId, reservationId, userId, eventId, ticketRequests: some(typeId) }
    expect(await setting.internal.reserve({ body })).toMatchObject({
      status: 409,
      body: { error: 'RESERVATION_EXPIRED' },
    })
    expect(await setting.counters(typeId)).toMatchObject({ held: 0 })
    expect(await setting.commands.free(eventId)).toEqual({ [typeId]: 1 })
  })

  test('keeps the places that the same request got elsewhere', async () => {
    const { eventId, typeId } = await setting.offer(1)
    const ids = { reservationId: newId<ReservationId>(), orderId: newId<OrderId>(), userId: newId<UserId>() }
    const body = { ...ids, eventId, ticketRequests: some(typeId) }
    const answers = await Promise.all(Array.from({ length: 10 }, () => setting.internal.reserve({ body })))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(await setting.counters(typeId)).toMatchObject({ held: 1 })
  })
})

describe('reserving for a buyer', () => {
  test('lasts as many minutes as requested, and shows its buyer and what was requested', async () => {
    const { eventId, typeId } = await setting.offer(5)
    const userId = newId<UserId>()
    const reserve = (reservationDurationMinutes: number) =>
      setting.internal.reserve({
        body: {
          reservationId: newId(),
          userId,
          eventId,
          ticketRequests: some(typeId, 2),
          reservationDurationMinutes,
        },
      })
    const [short, long] = [await reserve(1), await reserve(15)]
    const ticketRequests = [{ ticketTypeId: typeId, quantity: 2 }]
    for (const answer of [short, long])
      expect(answer).toMatchObject({ status: 200, body: { userId, ticketRequests } })
    if (short.status !== 200 || long.status !== 200) throw new Error('not reserved')
    const apartMs = long.body.expiresAt.getTime() - short.body.expiresAt.getTime()
    expect(apartMs).toBeGreaterThanOrEqual(14 * 60_000)
    for (const minutes of [0, 61])
      await expect(reserve(minutes)).rejects.toThrow('reservationDurationMinutes')
  })
})

describe('a claim', () => {
  test("outlasts the buyer's hold, is theirs alone, and stops them from letting go", async () => {
    const { eventId, typeId } = await setting.offer(5)
    const { buyer, userId, reservationId, expiresAt } = await ownReservation(eventId, typeId)
    const orderId = newId<OrderId>()
    const stranger = { reservationId, orderId, userId: newId<UserId>() }
    expect(await setting.internal.claimReservation({ body: stranger })).toMatchObject({
      status: 404,
      body: { error: 'RESERVATION_NOT_FOUND' },
    })
    const claimed = await setting.internal.claimReservation({ body: { reservationId, orderId, userId } })
    expect(claimed).toMatchObject({
      status: 200,
      body: { status: 'PAYING', orderId, userId, totalAmount: 10_000 },
    })
    if (claimed.status !== 200) throw new Error('not claimed')
    expect(claimed.body.expiresAt.getTime()).toBeGreaterThan(expiresAt.getTime())
    expect(await setting.internal.claimReservation({ body: { reservationId, orderId, userId } })).toEqual(
      claimed,
    )
    expect(await buyer.client.releaseReservation({ params: { reservationId } })).toMatchObject({
      status: 409,
      body: { error: 'RESERVATION_IN_PAYMENT' },
    })
  })

  test('is won by one of two orders that race for it', async () => {
    const { eventId, typeId } = await setting.offer(5)
    const { userId, reservationId } = await ownReservation(eventId, typeId)
    const answers = await Promise.all(
      [newId<OrderId>(), newId<OrderId>()].map((orderId) =>
        setting.internal.claimReservation({ body: { reservationId, orderId, userId } }),
      ),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
    expect(answers.find(({ status }) => status === 409)).toMatchObject({
      body: { error: 'RESERVATION_IN_PAYMENT' },
    })
  })

  test('is possible after sales have ended, and not once the event is cancelled', async () => {
    const { eventId, typeId } = await setting.offer(5)
    const [late, cancelled] = [await ownReservation(eventId, typeId), await ownReservation(eventId, typeId)]
    await setting.deps.pool.query(
      `update ticket_types set sales_end_at = clock_timestamp() - interval '1 second' where event_id = $1`,
      [eventId],
    )
    const { reservationId, userId } = late
    expect(
      (await setting.internal.claimReservation({ body: { reservationId, userId, orderId: newId() } })).status,
    ).toBe(200)
    await setting.deps.pool.query(`update event_pictures set status = 'CANCELLED' where event_id = $1`, [
      eventId,
    ])
    const body = {
      reservationId: cancelled.reservationId,
      userId: cancelled.userId,
      orderId: newId<OrderId>(),
    }
    expect(await setting.internal.claimReservation({ body })).toMatchObject({
      status: 409,
      body: { error: 'EVENT_NOT_ON_SALE' },
    })
  })
})

describe('releasing a claim', () => {
  test('frees its places, only for the order that holds it, and repeated gives the same answer', async () => {
    const { eventId, typeId } = await setting.offer(2)
    const { reservationId, orderId } = await reserveForOrder(setting, eventId, typeId, 2)
    const foreign = { reservationId, orderId: newId<OrderId>(), reason: 'PAYMENT_FAILED' }
    expect(await setting.internal.releaseClaim({ body: foreign })).toEqual({
      status: 200,
      body: { released: false, reservationId, ticketsReleased: 0 },
    })
    expect(await setting.counters(typeId)).toMatchObject({ held: 2 })
    for (let times = 0; times < 2; times++) {
      const answer = await setting.internal.releaseClaim({ body: { ...foreign, orderId } })
      expect(answer).toEqual({ status: 200, body: { released: true, reservationId, ticketsReleased: 2 } })
    }
    expect(await setting.counters(typeId)).toEqual({ capacity: 2, held: 0, sold: 0 })
    expect(await setting.commands.free(eventId)).toEqual({ [typeId]: 2 })
    expect(await setting.statusOf(reservationId)).toBe('CANCELLED')
  })

  test('that overtakes its own reserve or claim leaves nothing to hold', async () => {
    const { eventId, typeId } = await setting.offer(5)
    const ids = { reservationId: newId<ReservationId>(), orderId: newId<OrderId>() }
    const released = await setting.internal.releaseClaim({ body: { ...ids, reason: 'PAYMENT_TIMEOUT' } })
    expect(released).toMatchObject({ status: 200, body: { released: false } })
    const late = await setting.internal.reserve({
      body: { ...ids, userId: newId<UserId>(), eventId, ticketRequests: some(typeId) },
    })
    expect(late).toMatchObject({ status: 409, body: { reserved: false, error: 'RESERVATION_EXPIRED' } })
    const own = await ownReservation(eventId, typeId)
    const claim = { reservationId: own.reservationId, userId: own.userId, orderId: ids.orderId }
    expect((await setting.internal.claimReservation({ body: claim })).status).toBe(409)
    expect(await setting.counters(typeId)).toMatchObject({ held: 2 })
    expect(await setting.commands.free(eventId)).toEqual({ [typeId]: 3 })
  })

  test('at the same time as its reserve ends with nothing held', async () => {
    const { eventId, typeId } = await setting.offer(20)
    for (let round = 0; round < 10; round++) {
      const ids = { reservationId: newId<ReservationId>(), orderId: newId<OrderId>() }
      await Promise.all([
        setting.internal.reserve({
          body: { ...ids, userId: newId<UserId>(), eventId, ticketRequests: some(typeId) },
        }),
        setting.internal.releaseClaim({ body: { ...ids, reason: 'PAYMENT_TIMEOUT' } }),
      ])
    }
    expect(await setting.counters(typeId)).toMatchObject({ held: 0, sold: 0 })
  })
})

describe('a claim past its deadline', () => {
  const order = (orderId: OrderId, status: 'PENDING' | 'PAID' | 'FAILED') =>
    setting.orderInfos.set(orderId, {
      orderId,
      orderNumber: 'ORD-2026-000001',
      userId: newId(),
      eventId: newId(),
      reservationId: newId(),
      totalAmount: null,
      refundedAmount: 0 as never,
      currency: null,
      status,
      paymentStatus: status === 'PENDING' ? 'UNKNOWN' : 'COMPLETED',
      paymentMethod: 'CREDIT_CARD',
      holderName: 'Ada',
      items: [],
      createdAt: new Date(),
    })

  test('is released only when the payment service says that its order ended or is unknown', async () => {
    const { eventId, typeId } = await setting.offer(10)
    const [pending, paid, failed, unknown] = await Promise.all(
      Array.from({ length: 4 }, () => reserveForOrder(setting, eventId, typeId)),
    )
    if (!pending || !paid || !failed || !unknown) throw new Error('not reserved')
    order(pending.orderId, 'PENDING')
    order(paid.orderId, 'PAID')
    order(failed.orderId, 'FAILED')
    for (const { reservationId } of [pending, paid, failed, unknown]) await setting.expire(reservationId)
    await createOverdueSweep(setting.deps)()
    const statuses = await Promise.all(
      [pending, paid, failed, unknown].map(({ reservationId }) => setting.statusOf(reservationId)),
    )
    expect(statuses).toEqual(['PAYING', 'PAYING', 'CANCELLED', 'CANCELLED'])
    expect(await setting.counters(typeId)).toMatchObject({ held: 2 })
    const { rows } = await setting.deps.pool.query(
      `select 1 from reservations where status = 'PAYING' and expires_at <= clock_timestamp()
         and event_id = $1`,
      [eventId],
    )
    expect(rows).toEqual([])
  })

  test('stays while the payment service is down, and Redis does not release it either', async () => {
    const { eventId, typeId } = await setting.offerSeats([[1]])
    const { reservationId } = await reserveFor(setting, eventId, seats(typeId, '1-A-1'))
    const endsInMs = async () =>
      Number(await setting.redis.zscore(`tickets:{${eventId}}:expiries`, reservationId)) - Date.now()
    expect(await endsInMs()).toBeGreaterThan((setting.config.claimTtlSeconds + 100) * 1_000)
    await setting.expire(reservationId)
    expect(await endsInMs()).toBeLessThan(5_000)
    const payments = {
      getOrderInfo: () => Promise.reject(new ServiceUnavailable('payments', 'CONNECTION', false)),
    }
    // Nothing else happens to the event, so only the sweep can cause a rebuild.
    await setting.deps.availabilityCache.reconcile()
    await setting.deps.pool.query(
      `update ticket_type_counters set updated_at = clock_timestamp() - interval '1 day'`,
    )
    await setting.redis.zadd(`tickets:{${eventId}}:expiries`, 'XX', Date.now() + 3_000, reservationId)
    await createOverdueSweep({ ...setting.deps, payments })()
    await setting.deps.availabilityCache.reconcile()
    expect(await endsInMs()).toBeGreaterThan(100_000)
    expect(await setting.statusOf(reservationId)).toBe('PAYING')
    const { answer } = await reserveFor(setting, eventId, seats(typeId, '1-A-1'))
    expect(answer).toMatchObject({ status: 409, body: { error: 'SEATS_TAKEN' } })
    expect(await setting.maps(eventId)).toEqual({ redis: 'h', postgres: 'h' })
  })
})
