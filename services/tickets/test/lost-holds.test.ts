import type { EventId, OrderId, ReservationId, TicketTypeId } from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createExpirySweep } from '../src/reservations/sweeps.ts'
import { newId, seats, some } from './requests.ts'
import { startService, type TestService } from './start-service.ts'

let setting: TestService
beforeAll(async () => {
  setting = await startService()
})
afterAll(() => setting.close())

type User = Awaited<ReturnType<TestService['user']>>
const query = (sql: string, values: unknown[] = []) => setting.deps.pool.query(sql, values)

async function hold(eventId: EventId, ticketRequests: ReturnType<typeof some>, user?: User) {
  const buyer = user ?? (await setting.user())
  const answer = await buyer.client.createReservation({ body: { eventId, ticketRequests } })
  if (answer.status !== 201) throw new Error(`not reserved: ${JSON.stringify(answer)}`)
  return { buyer, reservation: answer.body, params: { reservationId: answer.body.reservationId } }
}
const listOf = async ({ client }: User, eventId?: EventId) => {
  const answer = await client.listReservations({ query: { ...(eventId && { eventId }) } })
  return answer.body.reservations.map(({ reservationId }) => reservationId)
}
/** Moves a reservation's creation and last extension so many seconds into the past. */
const age = (reservationId: ReservationId, seconds: number) =>
  query(
    `update reservations set created_at = created_at - make_interval(secs => $2),
       expires_at = expires_at - make_interval(secs => $2)
     where reservation_id = $1`,
    [reservationId, seconds],
  )
const claim = ({ reservation, buyer }: Awaited<ReturnType<typeof hold>>) =>
  setting.internal.claimReservation({
    body: { reservationId: reservation.reservationId, orderId: newId<OrderId>(), userId: buyer.userId },
  })
/** When a reservation expires in Redis, in ms from now. */
const redisEnds = async (eventId: EventId, reservationId: ReservationId) =>
  Number(await setting.redis.zscore(`tickets:{${eventId}}:expiries`, reservationId)) - Date.now()

describe('a buyer who has lost track of their reservations', () => {
  test('finds live ones, of one event or of all, newest first, and only their own', async () => {
    const [one, other] = [await setting.offer(10), await setting.offer(10)]
    const buyer = await setting.user()
    const first = await hold(one.eventId, some(one.typeId), buyer)
    const paying = await hold(one.eventId, some(one.typeId), buyer)
    const elsewhere = await hold(other.eventId, some(other.typeId), buyer)
    const [over, gone] = [
      await hold(other.eventId, some(other.typeId), buyer),
      await hold(other.eventId, some(other.typeId), buyer),
    ]
    await hold(one.eventId, some(one.typeId))
    await claim(paying)
    await setting.expire(over.reservation.reservationId)
    await buyer.client.releaseReservation({ params: gone.params })
    const [a, b, c] = [first, paying, elsewhere].map(({ reservation }) => reservation.reservationId)
    expect(await listOf(buyer, one.eventId)).toEqual([b, a])
    expect(await listOf(buyer)).toEqual([c, b, a])
    expect(await listOf(await setting.user())).toEqual([])
    expect(await listOf(buyer, newId<EventId>())).toEqual([])
    const page = await buyer.client.listReservations({ query: { limit: 2 } })
    const next = await buyer.client.listReservations({
      query: { limit: 2, cursor: page.body.nextCursor ?? '' },
    })
    expect(next.body).toMatchObject({ reservations: [first.reservation], nextCursor: null })
  })

  test('gets their ids with the refusal that they cause, and can continue after releasing one', async () => {
    const { eventId, typeId } = await setting.offer(50, { maxPerUser: 4 })
    const mine = await hold(eventId, some(typeId, 4))
    const again = () =>
      mine.buyer.client.createReservation({ body: { eventId, ticketRequests: some(typeId, 4) } })
    const { reservationId } = mine.reservation
    expect(await again()).toMatchObject({
      status: 409,
      body: { error: 'LIMIT_EXCEEDED', reservationIds: [reservationId] },
    })
    await mine.buyer.client.releaseReservation({ params: mine.params })
    expect((await again()).status).toBe(201)

    const free = await setting.offer(50)
    const three: ReservationId[] = []
    for (let n = 0; n < 3; n++)
      three.push((await hold(free.eventId, some(free.typeId), mine.buyer)).reservation.reservationId)
    const fourth = await mine.buyer.client.createReservation({
      body: { eventId: free.eventId, ticketRequests: some(free.typeId) },
    })
    expect(fourth).toMatchObject({ status: 409, body: { error: 'LIMIT_EXCEEDED', reservationIds: three } })
    const tooMany = await (await setting.user()).client.createReservation({
      body: { eventId, ticketRequests: some(typeId, 5) },
    })
    expect(tooMany).toMatchObject({ status: 409, body: { error: 'LIMIT_EXCEEDED' } })
    expect(tooMany.body).not.toHaveProperty('reservationIds')
  })
})

describe('more time for a reservation', () => {
  const { holdTtlSeconds, holdMaxSeconds } = { holdTtlSeconds: 900, holdMaxSeconds: 2_700 }

  test('is as long again from now, in PostgreSQL and Redis, and says until when there is more', async () => {
    const { eventId, typeId } = await setting.offerSeats([[4]])
    const { buyer, reservation, params } = await hold(eventId, seats(typeId, '1-A-1', '1-A-2') as never)
    const { reservationId } = reservation
    await age(reservationId, 600)
    const extended = await buyer.client.extendReservation({ params })
    if (extended.status !== 200) throw new Error(JSON.stringify(extended))
    const { expiresAt, extendableUntil } = extended.body
    expect(expiresAt.getTime() - reservation.expiresAt.getTime()).toBeGreaterThanOrEqual(0)
    expect((extendableUntil as Date).getTime()).toBe(
      (reservation.extendableUntil as Date).getTime() - 600_000,
    )
    expect((await buyer.client.getReservation({ params })).body).toEqual(extended.body)
    const { rows } = await query(
      'select expires_at, created_at from reservations where reservation_id = $1',
      [reservationId],
    )
    expect(rows[0].expires_at).toEqual(expiresAt)
    expect((extendableUntil as Date).getTime() - rows[0].created_at.getTime()).toBe(holdMaxSeconds * 1_000)
    const ends = await redisEnds(eventId, reservationId)
    expect(Math.abs(ends - (expiresAt.getTime() + 5_000 - Date.now()))).toBeLessThan(2_000)
    const maps = await setting.maps(eventId)
    expect([maps.redis, maps.postgres]).toEqual(['hh..', 'hh..'])
    await setting.deps.availabilityCache.reconcile()
    expect(await redisEnds(eventId, reservationId)).toBeGreaterThan((holdTtlSeconds - 60) * 1_000)
  })

  test('ends at the longest that a reservation can last, and is then refused with that time', async () => {
    const { eventId, typeId } = await setting.offer(10)
    const { buyer, reservation, params } = await hold(eventId, some(typeId))
    const { reservationId } = reservation
    await age(reservationId, 800)
    for (let spent = 800; spent < holdMaxSeconds - holdTtlSeconds; spent += 800) {
      expect((await buyer.client.extendReservation({ params })).status).toBe(200)
      await age(reservationId, 800)
    }
    const last = await buyer.client.extendReservation({ params })
    if (last.status !== 200) throw new Error(JSON.stringify(last))
    expect(last.body.expiresAt).toEqual(last.body.extendableUntil)
    expect(await buyer.client.extendReservation({ params })).toMatchObject({
      status: 409,
      body: { error: 'RESERVATION_NOT_EXTENDABLE', expiresAt: last.body.expiresAt },
    })
  })

  test('never shortens a reservation, however short the longest time is', async () => {
    const short = setting.instance({ holdMaxSeconds: 60 })
    const { eventId, typeId } = await setting.offer(10)
    const { buyer, reservation, params } = await hold(eventId, some(typeId))
    const client = short.client(buyer.headers)
    expect(await client.extendReservation({ params })).toMatchObject({
      status: 409,
      body: { error: 'RESERVATION_NOT_EXTENDABLE', expiresAt: reservation.expiresAt },
    })
    await short.close()
  })

  test('is one extension under one key, even for many requests at once', async () => {
    const { eventId, typeId } = await setting.offer(10)
    const { buyer, reservation, params } = await hold(eventId, some(typeId))
    await age(reservation.reservationId, 300)
    const key = newId<string>()
    const extend = () => buyer.client.extendReservation({ params, headers: { 'idempotency-key': key } })
    const first = await extend()
    await age(reservation.reservationId, 300)
    for (const answer of await Promise.all(Array.from({ length: 10 }, extend))) expect(answer).toEqual(first)
    const { rows } = await query('select expires_at from reservations where reservation_id = $1', [
      reservation.reservationId,
    ])
    expect(rows[0].expires_at.getTime()).toBe(
      (first.body as { expiresAt: Date }).expiresAt.getTime() - 300_000,
    )
  })

  test('is respected by other buyers of its places, and by the sweep', async () => {
    const { eventId, typeId } = await setting.offer(1)
    const { buyer, reservation, params } = await hold(eventId, some(typeId))
    const { reservationId } = reservation
    await age(reservationId, holdTtlSeconds - 20)
    expect((await buyer.client.extendReservation({ params })).status).toBe(200)
    await age(reservationId, 60)
    const other = await setting.user()
    expect(
      await other.client.createReservation({ body: { eventId, ticketRequests: some(typeId) } }),
    ).toMatchObject({
      status: 409,
      body: { error: 'INSUFFICIENT_INVENTORY' },
    })
    await createExpirySweep(setting.deps)()
    expect(await setting.statusOf(reservationId)).toBe('ACTIVE')
    expect(await claim({ buyer, reservation, params })).toMatchObject({ status: 200 })
  })

  test('and its expiry at the same moment are one or the other, and PostgreSQL and Redis agree', async () => {
    const { eventId, typeId } = await setting.offer(20)
    const held = await Promise.all(Array.from({ length: 10 }, () => hold(eventId, some(typeId))))
    for (const { reservation } of held) {
      await query(
        `update reservations set expires_at = clock_timestamp() + interval '20 milliseconds'
         where reservation_id = $1`,
        [reservation.reservationId],
      )
    }
    const sweep = createExpirySweep(setting.deps)
    const answers = await Promise.all(
      held.map(async ({ buyer, params }) => {
        const answer = await buyer.client.extendReservation({ params })
        await sweep()
        return answer
      }),
    )
    await until(async () => {
      await sweep()
      const { rows } = await query(
        `select 1 from reservations where event_id = $1 and status = 'ACTIVE' and expires_at <= now()`,
        [eventId],
      )
      expect(rows).toEqual([])
    })
    const extended = answers.filter(({ status }) => status === 200).length
    for (const [index, { status }] of answers.entries()) {
      expect(await setting.statusOf(held[index]?.reservation.reservationId as ReservationId)).toBe(
        status === 200 ? 'ACTIVE' : 'EXPIRED',
      )
    }
    expect(await setting.counters(typeId)).toMatchObject({ held: extended })
    await setting.deps.availabilityCache.reconcile()
    expect(await setting.commands.free(eventId)).toEqual({ [typeId as TicketTypeId]: 20 - extended })
  })

  test('works if Redis is unavailable, and updates it later', async () => {
    const { eventId, typeId } = await setting.offer(10)
    const { buyer, reservation, params } = await hold(eventId, some(typeId))
    await setting.redis.del(`tickets:{${eventId}}:epoch`)
    expect((await buyer.client.extendReservation({ params })).status).toBe(200)
    await setting.deps.availabilityCache.rebuild(eventId)
    expect(await redisEnds(eventId, reservation.reservationId)).toBeGreaterThan((holdTtlSeconds - 60) * 1_000)
  })

  test('is refused for a reservation that is not the buyer’s, not active, or not on sale', async () => {
    const { eventId, typeId } = await setting.offer(20)
    const fresh = () => hold(eventId, some(typeId))
    const extend = ({ buyer, params }: Awaited<ReturnType<typeof hold>>) =>
      buyer.client.extendReservation({ params })
    const refused = async (held: Awaited<ReturnType<typeof hold>>, status: number, error: string) =>
      expect(await extend(held), error).toMatchObject({ status, body: { error } })
    const foreign = await fresh()
    await refused({ ...foreign, buyer: await setting.user() }, 404, 'RESERVATION_NOT_FOUND')
    await refused(
      { ...foreign, params: { reservationId: newId<ReservationId>() } },
      404,
      'RESERVATION_NOT_FOUND',
    )
    const over = await fresh()
    await setting.expire(over.reservation.reservationId)
    await refused(over, 409, 'RESERVATION_EXPIRED')
    const gone = await fresh()
    await gone.buyer.client.releaseReservation({ params: gone.params })
    await refused(gone, 409, 'RESERVATION_EXPIRED')
    const paying = await fresh()
    await claim(paying)
    await refused(paying, 409, 'RESERVATION_IN_PAYMENT')
    const paid = await fresh()
    const { reservationId } = paid.reservation
    const ids = { reservationId, orderId: newId<OrderId>(), userId: paid.buyer.userId }
    await setting.internal.claimReservation({ body: ids })
    await setting.internal.confirmPurchase({ body: { ...ids, holderName: 'Ada Nowak' } })
    await refused(paid, 409, 'RESERVATION_COMPLETED')
    const cancelled = await fresh()
    await query(`update event_pictures set status = 'CANCELLED', cancelled_at = now() where event_id = $1`, [
      eventId,
    ])
    await refused(cancelled, 409, 'EVENT_NOT_ON_SALE')
  })
})
