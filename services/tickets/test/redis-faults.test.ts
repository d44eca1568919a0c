import type { EventId, ReservationId, TicketTypeId } from '@boxoffice/contracts'
import { claimPort, until } from '@boxoffice/testing'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createHolds } from '../src/reservations/holds.ts'
import { best, newId, reserveFor, reserveForOrder, seats, some } from './requests.ts'
import { startService, type TestService } from './start-service.ts'

const crowd = (setting: TestService, eventId: EventId, typeId: TicketTypeId, size: number) =>
  Promise.all(
    Array.from({ length: size }, async () => (await reserveForOrder(setting, eventId, typeId)).answer.status),
  )

describe('with Redis', () => {
  let setting: TestService
  beforeAll(async () => {
    setting = await startService()
  })
  afterAll(() => setting.close())
  const keysOf = (eventId: EventId) =>
    ['epoch', 'free', 'expiries', 'lines', 'changes', 'map', 'owners'].map(
      (name) => `tickets:{${eventId}}:${name}`,
    )

  test('flushed in mid-sale, exactly as many are sold as exist, and the cache is rebuilt', async () => {
    const { eventId, typeId } = await setting.offer(100)
    const first = crowd(setting, eventId, typeId, 80)
    await until(async () => expect((await setting.counters(typeId)).held).toBeGreaterThan(10))
    await setting.redis.del(...keysOf(eventId))
    const second = crowd(setting, eventId, typeId, 80)
    const statuses = [...(await first), ...(await second)]
    expect(await setting.counters(typeId)).toEqual({
      capacity: 100,
      held: statuses.filter((status) => status === 200).length,
      sold: 0,
    })
    await setting.deps.availabilityCache.reconcile()
    const { held } = await setting.counters(typeId)
    expect(await setting.commands.free(eventId)).toEqual({ [typeId]: 100 - held })
    const rest = await crowd(setting, eventId, typeId, 100 - held + 5)
    expect(rest.filter((status) => status === 200)).toHaveLength(100 - held)
    expect(await setting.counters(typeId)).toEqual({ capacity: 100, held: 100, sold: 0 })
  })

  test('expired, the cache is rebuilt with earlier holds and seats by the next buyer or reader', async () => {
    const { eventId, typeId } = await setting.offerSeats([[4]])
    const held = await reserveFor(setting, eventId, seats(typeId, '1-A-1'))
    const sold = await reserveFor(setting, eventId, seats(typeId, '1-A-2'))
    const { orderId, reservationId, userId } = sold
    await setting.issue({ orderId, reservationId, userId })
    const forgotten = async () => {
      await Promise.all(keysOf(eventId).map((key) => setting.redis.pexpire(key, 1)))
      await until(async () => expect(await setting.redis.exists(...keysOf(eventId))).toBe(0))
    }
    await forgotten()
    expect((await reserveFor(setting, eventId, seats(typeId, '1-A-1'))).answer).toMatchObject({
      status: 409,
      body: { error: 'SEATS_TAKEN', seatIds: ['1-A-1'] },
    })
    expect((await reserveFor(setting, eventId, seats(typeId, '1-A-4'))).answer.status).toBe(200)
    await forgotten()
    expect((await setting.maps(eventId)).redis).toBe('hs.h')
    expect(await setting.commands.free(eventId)).toEqual({ [typeId]: 1 })

    await forgotten()
    await setting.deps.availabilityCache.release([{ eventId, reservationId: held.reservationId }])
    expect(await setting.redis.exists(...keysOf(eventId))).toBe(1)
    expect(await setting.redis.pttl(`tickets:{${eventId}}:changes`)).toBeGreaterThan(0)
  })

  test('reconciled, all keys of an event get a new time to live', async () => {
    const { eventId, typeId } = await setting.offerSeats([[2]])
    await reserveFor(setting, eventId, seats(typeId, '1-A-1'))
    for (const key of keysOf(eventId)) await setting.redis.pexpire(key, 60_000)
    await setting.deps.availabilityCache.reconcile()
    for (const key of keysOf(eventId)) {
      expect(await setting.redis.pttl(key), key).toBeGreaterThan(
        setting.config.availabilityCacheTtlMs - 60_000,
      )
    }
  })

  test('wrong either way, the database decides, and reconciliation puts it right', async () => {
    const { eventId, typeId } = await setting.offer(2)
    await reserveForOrder(setting, eventId, typeId, 2)
    await setting.redis.hset(`tickets:{${eventId}}:free`, typeId, 50)
    expect((await reserveForOrder(setting, eventId, typeId)).answer.status).toBe(409)
    expect(await setting.deps.availabilityCache.reconcile()).toContain(eventId)
    expect(await setting.commands.free(eventId)).toEqual({ [typeId]: 0 })
    expect(await setting.deps.availabilityCache.reconcile()).not.toContain(eventId)
  })

  test('updated by reconciliation, sold places stay taken when their hold would have expired', async () => {
    const { eventId, typeId } = await setting.offer(3)
    const order = await reserveForOrder(setting, eventId, typeId, 2)
    const { orderId, reservationId, userId } = order
    await setting.issue({ orderId, reservationId, userId })
    await setting.deps.availabilityCache.reconcile()
    expect(await setting.redis.hlen(`tickets:{${eventId}}:lines`)).toBe(0)
    expect(await setting.commands.free(eventId)).toEqual({ [typeId]: 1 })
  })

  test('gets one command for all holds of an event that arrive while others are running', async () => {
    const { eventId, typeId } = await setting.offer(100)
    const { availabilityCache } = setting.deps
    const [begun, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const asked: number[] = []
    const hold: typeof availabilityCache.hold = async (event, requests) => {
      asked.push(requests.length)
      begun.resolve()
      await gate.promise
      return availabilityCache.hold(event, requests)
    }
    const limits = { claimSeconds: 60, liveMax: 3, waitingMax: 100 }
    const holds = createHolds({
      ...setting.deps,
      ...limits,
      availabilityCache: { ...availabilityCache, hold },
    })
    const lines = [{ ticketTypeId: typeId, quantity: 1, seatIds: null }]
    const request = { eventId, orderId: null, ticketRequests: some(typeId), seconds: 60, repeatable: false }
    const holdOne = () =>
      holds.hold({ request: { ...request, reservationId: newId(), userId: newId() }, lines, plan: null })
    const first = holdOne()
    await begun.promise
    const others = Array.from({ length: 10 }, holdOne)
    gate.resolve()
    const results = await Promise.all([first, ...others])
    expect(results.map(({ result }) => result.outcome)).toEqual(Array(11).fill('reserved'))
    expect(asked).toEqual([1, 10])
    expect(await setting.commands.free(eventId)).toEqual({ [typeId]: 89 })
  })

  test('holding for a process that died before its transaction, nothing is lost for over 10 s', async () => {
    const { eventId, typeId } = await setting.offer(1)
    const lost = newId<ReservationId>()
    await setting.deps.availabilityCache.hold(eventId, [
      { reservationId: lost, lines: [{ ticketTypeId: typeId, quantity: 1, seatIds: null }] },
    ])
    expect((await reserveForOrder(setting, eventId, typeId)).answer.status).toBe(409)
    const ends = Number(await setting.redis.zscore(`tickets:{${eventId}}:expiries`, lost))
    expect(ends - Date.now()).toBeLessThanOrEqual(10_000)
    await setting.redis.zincrby(`tickets:{${eventId}}:expiries`, -10_000, lost)
    expect((await reserveForOrder(setting, eventId, typeId)).answer.status).toBe(200)
  })
})

describe('without Redis', () => {
  let setting: TestService
  beforeAll(async () => {
    setting = await startService({ REDIS_URL: `redis://127.0.0.1:${await claimPort()}` })
  })
  afterAll(() => setting.close())

  test('sales go on through PostgreSQL alone: exactly as many as there are', async () => {
    const { eventId, typeId } = await setting.offer(20)
    const statuses = await crowd(setting, eventId, typeId, 40)
    expect(statuses.filter((status) => status === 200)).toHaveLength(20)
    expect(statuses.filter((status) => status === 409)).toHaveLength(20)
    expect(await setting.counters(typeId)).toEqual({ capacity: 20, held: 20, sold: 0 })
  })

  test('seats are sold, one to each, and the map is shown', async () => {
    const { eventId, typeId } = await setting.offerSeats([[6, 6]])
    const requests = Array.from({ length: 24 }, (_, index) =>
      index % 2 ? best(typeId, 2) : seats(typeId, `1-A-${1 + (index % 6)}`),
    )
    const answers = await Promise.all(
      requests.map(async (request) => (await reserveFor(setting, eventId, request)).answer),
    )
    const held = answers.flatMap((answer) =>
      answer.status === 200 ? (answer.body.tickets[0]?.seatIds ?? []) : [],
    )
    expect(new Set(held).size).toBe(held.length)
    expect(await setting.counters(typeId)).toEqual({ capacity: 12, held: held.length, sold: 0 })
    const map = await setting.visitor.getSeatMap({ query: { eventId } })
    expect(map.status === 200 && [...map.body.statuses].filter((status) => status === 'h')).toHaveLength(
      held.length,
    )
    expect(held.length).toBeGreaterThan(8)
  })

  test('the best seats are sold out by competing instances, and no buyer is refused early', async () => {
    const other = setting.instance()
    const { eventId, typeId } = await setting.offerSeats([[20, 20]])
    const answers = await Promise.all(
      Array.from({ length: 46 }, async (_, index) => {
        return (await reserveFor(index % 2 ? other : setting, eventId, best(typeId, 1))).answer
      }),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([
      ...Array(40).fill(200),
      ...Array(6).fill(409),
    ])
    expect(await setting.counters(typeId)).toEqual({ capacity: 40, held: 40, sold: 0 })
    await other.close()
  })

  test('the best seats are written before the next buyers choose: no one chooses a taken seat', async () => {
    const { eventId, typeId } = await setting.offerSeats([[70, 70]])
    const read = vi.spyOn(setting.deps.availabilityCache, 'readSeatMap')
    const answers = await Promise.all(
      Array.from({ length: 120 }, () => reserveFor(setting, eventId, best(typeId, 1))),
    )
    expect(answers.map(({ answer }) => answer.status)).toEqual(Array(120).fill(200))
    // One reading for all who arrive together, not one for each who lost.
    expect(read.mock.calls.length).toBeLessThan(20)
    read.mockRestore()
  })

  test('expired seats are taken over nevertheless', async () => {
    const { eventId, typeId } = await setting.offerSeats([[3]])
    const buyer = await setting.user()
    const held = await buyer.client.createReservation({
      body: { eventId, ticketRequests: seats(typeId, '1-A-1', '1-A-2') },
    })
    if (held.status !== 201) throw new Error('not reserved')
    await setting.deps.pool.query(
      `update reservations set expires_at = clock_timestamp() - interval '1 second'
       where reservation_id = $1`,
      [held.body.reservationId],
    )
    expect((await reserveFor(setting, eventId, best(typeId, 3))).answer.status).toBe(200)
    expect(await setting.statusOf(held.body.reservationId)).toBe('EXPIRED')
  })

  test('expired holds are taken over nevertheless', async () => {
    const { eventId, typeId } = await setting.offer(1)
    const buyer = await setting.user()
    const held = await buyer.client.createReservation({ body: { eventId, ticketRequests: some(typeId) } })
    if (held.status !== 201) throw new Error('not reserved')
    await setting.deps.pool.query(
      `update reservations set expires_at = clock_timestamp() - interval '1 second'
       where reservation_id = $1`,
      [held.body.reservationId],
    )
    expect((await reserveForOrder(setting, eventId, typeId)).answer.status).toBe(200)
    expect(await setting.statusOf(held.body.reservationId)).toBe('EXPIRED')
  })

  test('the service stays in rotation, DEGRADED', async () => {
    const health = await setting.app.inject('/actuator/health')
    expect(health.statusCode).toBe(200)
    expect(health.json()).toMatchObject({ status: 'DEGRADED', components: { redis: 'DOWN', database: 'UP' } })
  })
})
