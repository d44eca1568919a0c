import { type EventId, type SeatMap, type SeatMapChanges, ticketsRoutes } from '@boxoffice/contracts'
import { createClient } from '@boxoffice/service-kit'
import { listenLocally, redisIsThere } from '@boxoffice/service-kit/testing'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { best, newId, reserveFor, seats } from './requests.ts'
import { startService, type TestService } from './start-service.ts'

let setting: TestService
beforeAll(async () => {
  setting = await startService()
})
afterAll(() => setting.close())

const look = (eventId: EventId, etag?: string) =>
  setting.app.inject({
    url: `/api/tickets/seats?eventId=${eventId}`,
    headers: etag ? { 'if-none-match': etag } : {},
  })

describe('the seat map', () => {
  test('shows free, held, sold and not for sale, in plan order', async () => {
    const { eventId, typeId } = await setting.offerSeats([[3], [2]], { sold: [1] })
    await reserveFor(setting, eventId, seats(typeId, '1-A-1'))
    const { orderId, reservationId, userId } = await reserveFor(setting, eventId, seats(typeId, '1-A-3'))
    await setting.issue({ orderId, reservationId, userId })
    const map = await setting.visitor.getSeatMap({ query: { eventId } })
    expect(map).toMatchObject({
      status: 200,
      body: { eventId, planVersion: 1, statuses: 'h.sxx', asOf: expect.any(Date) },
    })
  })

  test('has an entity tag that stays the same while nothing changes', async () => {
    const { eventId, typeId } = await setting.offerSeats([[3]])
    const first = await look(eventId)
    const etag = String(first.headers.etag)
    const second = await look(eventId, `"other", ${etag}`)
    expect([second.statusCode, second.body, second.headers.etag]).toEqual([304, '', etag])
    await reserveFor(setting, eventId, seats(typeId, '1-A-1'))
    await until(async () => expect((await look(eventId, etag)).statusCode).toBe(200))
  })

  test("is not found for another organizer's draft, or an event without seats", async () => {
    const { eventId, event, organizer } = await setting.offerSeats([[3]])
    await setting.deps.pool.query(`update event_pictures set status = 'DRAFT' where event_id = $1`, [eventId])
    setting.eventInfos.set(eventId, { ...event, status: 'DRAFT' })
    expect((await look(eventId)).json()).toMatchObject({ error: 'EVENT_NOT_FOUND' })
    expect((await organizer.client.getSeatMap({ query: { eventId } })).status).toBe(200)
    const general = await setting.offer(3)
    expect((await look(general.eventId)).json()).toMatchObject({ error: 'SEATING_PLAN_NOT_FOUND' })
    expect((await look(newId<EventId>())).statusCode).toBe(404)
  })

  test('shows a change by this process to its buyer at once: hold, release, sale, refund', async () => {
    const { eventId, typeId } = await setting.offerSeats([[3]])
    const seen = async () => {
      const map = await setting.visitor.getSeatMap({ query: { eventId } })
      return map.status === 200 && map.body.statuses
    }
    expect(await seen()).toBe('...')
    const buyer = await setting.user()
    const held = await buyer.client.createReservation({
      body: { eventId, ticketRequests: seats(typeId, '1-A-1') },
    })
    if (held.status !== 201) throw new Error('not reserved')
    expect(await seen()).toBe('h..')
    await buyer.client.releaseReservation({ params: { reservationId: held.body.reservationId } })
    expect(await seen()).toBe('...')
    const { orderId, reservationId, userId } = await reserveFor(setting, eventId, best(typeId, 2))
    expect(await seen()).toBe('hh.')
    await setting.issue({ orderId, reservationId, userId })
    expect(await seen()).toBe('ss.')
    expect(await setting.commands.free(eventId)).toEqual({ [typeId]: 1 })
    await setting.internal.cancelOrderTickets({ body: { orderId, reason: 'refunded' } })
    expect(await seen()).toBe('...')
    expect(await setting.deps.availabilityCache.reconcile()).not.toContain(eventId)
  })

  test('is read once for concurrent requests', async () => {
    const { eventId } = await setting.offerSeats([[3]])
    const patient = setting.instance({ seatMapCacheMs: 3_600_000 })
    await redisIsThere(patient.deps.metrics)
    const read = vi.spyOn(patient.deps.availabilityCache, 'readSeatMap')
    const visitor = patient.client({})
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => visitor.getSeatMap({ query: { eventId } })),
    )
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1)
    expect(read.mock.calls.length).toBe(1)
    await patient.close()
  })
})

describe('the stream of a seat map', () => {
  test('begins with the map, then sends a hold and its release', async () => {
    const { eventId, typeId } = await setting.offerSeats([[3]])
    const baseUrl = await listenLocally(setting.app)
    const leave = new AbortController()
    const { body, status } = await createClient(ticketsRoutes, { baseUrl }).watchSeatMap({
      query: { eventId },
      signal: leave.signal,
    })
    if (status !== 200) throw new Error('no stream')
    const items = body[Symbol.asyncIterator]()
    const next = async () => (await items.next()).value as SeatMap | SeatMapChanges
    expect(await next()).toMatchObject({ eventId, statuses: '...' })
    const { reservationId, orderId } = await reserveFor(setting, eventId, seats(typeId, '1-A-2', '1-A-3'))
    expect(await next()).toMatchObject({
      changes: [
        { seatId: '1-A-2', index: 1, status: 'h' },
        { seatId: '1-A-3', index: 2, status: 'h' },
      ],
    })
    await setting.internal.releaseClaim({ body: { reservationId, orderId, reason: 'PAYMENT_FAILED' } })
    expect(await next()).toMatchObject({ changes: [{ seatId: '1-A-2', status: '.' }, { status: '.' }] })
    leave.abort()
  })

  test('is refused beyond so many from one address, not from others; the map is always shown', async () => {
    const { eventId } = await setting.offerSeats([[3]])
    const limited = setting.instance({ streamsMax: { perUser: 2, perAddress: 3 } })
    const baseUrl = await listenLocally(limited.app)
    const open = (address: string, headers: Record<string, string> = {}) =>
      fetch(`${baseUrl}/api/tickets/seats/stream?eventId=${eventId}`, {
        headers: { 'x-forwarded-for': address, ...headers },
      })
    const { headers } = await setting.user()
    const streams = [await open('192.0.2.1', headers), await open('192.0.2.1', headers)]
    const third = await open('192.0.2.2', headers)
    expect([third.status, third.headers.get('retry-after')]).toEqual([429, '10'])
    expect(await third.json()).toMatchObject({ error: 'RATE_LIMITED' })
    streams.push(await open('192.0.2.1'), await open('192.0.2.2'))
    expect(streams.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect((await open('192.0.2.1')).status).toBe(429)
    expect((await fetch(`${baseUrl}/api/tickets/seats?eventId=${eventId}`)).status).toBe(200)
    await Promise.all(streams.map(({ body }) => body?.cancel()))
    await limited.close()
  })
})

/** Buyers who hold, buy and release seats of an event concurrently; returns the statuses of their answers. */
async function bustle(eventId: EventId, typeId: Parameters<typeof best>[0], size: number): Promise<number[]> {
  const buyer = async (index: number) => {
    const wanted =
      index % 3 === 0 ? best(typeId, 1 + (index % 4)) : seats(typeId, `1-A-${1 + ((index * 7) % 40)}`)
    const order = await reserveFor(setting, eventId, wanted)
    const { orderId, reservationId, userId } = order
    if (order.answer.status !== 200) return order.answer.status
    if (index % 2 === 0) await setting.issue({ orderId, reservationId, userId })
    if (index % 4 === 0) await setting.internal.cancelOrderTickets({ body: { orderId, reason: 'refunded' } })
    if (index % 5 === 1)
      await setting.internal.releaseClaim({ body: { orderId, reservationId, reason: 'PAYMENT_FAILED' } })
    return order.answer.status
  }
  return Promise.all(Array.from({ length: size }, (_, index) => buyer(index)))
}

/**
 * Contradictions: claims without a live reservation or valid ticket; valid tickets and live holds of seats
 * without a claim.
 */
const contradictions = async (eventId: EventId) =>
  (
    await setting.deps.pool.query(
      `with due as (
         select seat_id, i.reservation_id, null::uuid as ticket_id
         from reservation_items i join reservations r using (reservation_id), unnest(i.seat_ids) seat_id
         where i.event_id = $1 and r.status in ('ACTIVE', 'PAYING')
         union all
         select zone_id || '-' || replace(row_label, '-', '_') || '-' || replace(col_label, '-', '_'),
           null, root_ticket_id
         from tickets where event_id = $1 and zone_id is not null and status in ('ACTIVE', 'CHECKED_IN'))
       select seat_id, c.ticket_id as claimed, d.ticket_id as due from
         (select * from seat_claims where event_id = $1) c full join due d using (seat_id)
       where c.seat_id is null or d.seat_id is null or c.ticket_id is distinct from d.ticket_id
         or (d.reservation_id is not null and c.reservation_id <> d.reservation_id)`,
      [eventId],
    )
  ).rows

describe('after a random run', () => {
  test('Redis, PostgreSQL, the counters and the tickets say the same', async () => {
    const { eventId, typeId } = await setting.offerSeats([[40, 40]])
    const statuses = await bustle(eventId, typeId, 120)
    expect(new Set(statuses)).toEqual(new Set([200, 409]))
    await setting.deps.availabilityCache.reconcile()
    const { redis, postgres } = await setting.maps(eventId)
    expect(redis).toBe(postgres)
    expect(await contradictions(eventId)).toEqual([])
    const count = (status: string) => [...postgres].filter((one) => one === status).length
    expect(await setting.counters(typeId)).toEqual({ capacity: 80, held: count('h'), sold: count('s') })
    expect(await setting.commands.free(eventId)).toEqual({ [typeId]: count('.') })
  })

  test('in which Redis was flushed, too', async () => {
    const { eventId, typeId } = await setting.offerSeats([[40, 40]])
    const running = bustle(eventId, typeId, 60)
    await until(async () => expect((await setting.counters(typeId)).held).toBeGreaterThan(5))
    const keys = await setting.redis.keys(`tickets:{${eventId}}:*`)
    await setting.redis.del(...keys)
    await Promise.all([running, bustle(eventId, typeId, 60)])
    await setting.deps.availabilityCache.reconcile()
    const { redis, postgres } = await setting.maps(eventId)
    expect(redis).toBe(postgres)
    expect(await contradictions(eventId)).toEqual([])
  })
})
