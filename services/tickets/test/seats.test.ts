import type { EventId, Minor, OrderId, ReservationId, TicketRequest } from '@boxoffice/contracts'
import { Redis } from 'ioredis'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { createMutexByKey } from '../src/holds/mutex-by-key.ts'
import { createHolds } from '../src/reservations/holds.ts'
import { createOfferCache } from '../src/reservations/offer-cache.ts'
import { createReserve } from '../src/reservations/reserve.ts'
import { planOf } from './offers.ts'
import { best, newId, reserveFor, seats, some } from './requests.ts'
import { startService, type TestService } from './start-service.ts'

let setting: TestService
beforeAll(async () => {
  setting = await startService()
})
afterEach(() => vi.restoreAllMocks())
afterAll(() => setting.close())

type Buyer = Awaited<ReturnType<TestService['user']>>
async function reserve(eventId: EventId, ticketRequests: TicketRequest[], buyer?: Buyer) {
  const { client } = buyer ?? (await setting.user())
  return client.createReservation({ body: { eventId, ticketRequests } })
}
async function made(eventId: EventId, ticketRequests: TicketRequest[], buyer?: Buyer) {
  const answer = await reserve(eventId, ticketRequests, buyer)
  if (answer.status !== 201) throw new Error(`not reserved: ${JSON.stringify(answer)}`)
  return answer.body
}
const invalid = (path: string) => ({ status: 400, body: { error: 'VALIDATION_FAILED', details: [{ path }] } })

describe('a seated type', () => {
  const type = { name: 'Stalls', unitPrice: 7_000 as Minor, currency: 'EUR' } as const

  test('sells all seats of its zones, and says which zones they are', async () => {
    const { eventId, typeId } = await setting.offerSeats([[2, 3], [4]], { sold: [2, 1] })
    const listed = await setting.visitor.listTicketTypes({ query: { eventId } })
    expect(listed).toMatchObject({
      body: {
        ticketTypes: [
          { ticketTypeId: typeId, kind: 'SEATED', zoneIds: [1, 2], quantityTotal: 9, quantityAvailable: 9 },
        ],
      },
    })
    expect(await setting.maps(eventId)).toEqual({ redis: '.........', postgres: '.........' })
  })

  test('needs a seating plan, and zones of it that no other type sells', async () => {
    const { eventId, organizer } = await setting.offerSeats([[2], [2], [2]], { sold: [2] })
    const make = (zoneIds: number[], id = eventId) =>
      organizer.client.createTicketType({ body: { ...type, eventId: id, zoneIds } })
    expect(await make([1, 4])).toMatchObject(invalid('body.zoneIds.1'))
    expect(await make([1, 2])).toMatchObject({ status: 409, body: { error: 'ZONE_TAKEN', zoneIds: [2] } })
    expect(await setting.maps(eventId)).toEqual({ redis: 'xx..xx', postgres: 'xx..xx' })
    expect((await make([1])).status).toBe(201)
    expect(await setting.maps(eventId)).toEqual({ redis: '....xx', postgres: '....xx' })
    const planless = setting.addEvent({ organizerId: organizer.userId })
    expect(await make([1], planless.eventId)).toMatchObject({
      status: 409,
      body: { error: 'SEATING_PLAN_MISSING' },
    })
  })

  test('is created once by two concurrent requests for one zone', async () => {
    const organizer = await setting.user(['ORGANIZER'])
    const { eventId } = setting.addEvent({ organizerId: organizer.userId })
    setting.seatingPlans.set(eventId, planOf(eventId, [[5], [5]]))
    const make = (zoneIds: number[]) =>
      organizer.client.createTicketType({ body: { ...type, eventId, zoneIds } })
    const answers = await Promise.all([make([1]), make([1, 2])])
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409])
  })

  test('has either a quantity or zones', async () => {
    const organizer = await setting.user(['ORGANIZER'])
    const { eventId } = setting.addEvent({ organizerId: organizer.userId })
    const post = async (body: object) =>
      (
        await setting.app.inject({
          method: 'POST',
          url: '/api/tickets/types',
          headers: organizer.headers,
          payload: { name: 'A', unitPrice: 5, currency: 'EUR', eventId, ...body },
        })
      ).statusCode
    expect(
      await Promise.all([post({}), post({ quantity: 3, zoneIds: [1] }), post({ zoneIds: [1, 1] })]),
    ).toEqual([400, 400, 400])
  })

  test('of 20,000 seats is made and held from in few statements and commands', async () => {
    const [statements, commands] = [
      vi.spyOn(pg.Client.prototype, 'query'),
      vi.spyOn(Redis.prototype, 'sendCommand'),
    ]
    const { eventId, typeId } = await setting.offerSeats([Array.from({ length: 100 }, () => 200)])
    expect(await setting.counters(typeId)).toEqual({ capacity: 20_000, held: 0, sold: 0 })
    expect(await made(eventId, best(typeId, 2))).toMatchObject({
      tickets: [{ seatIds: ['1-A-100', '1-A-101'] }],
    })
    expect(statements.mock.calls.length).toBeLessThan(100)
    expect(commands.mock.calls.length).toBeLessThan(100)
  })
})

describe('a reservation of seats', () => {
  test('holds those that were named, in plan order, and gives the same answer again', async () => {
    const { eventId, typeId } = await setting.offerSeats([[12]])
    const buyer = await setting.user()
    const reservation = await made(eventId, seats(typeId, '1-A-10', '1-A-2'), buyer)
    expect(reservation).toMatchObject({
      totalAmount: 14_000,
      tickets: [
        {
          ticketTypeId: typeId,
          quantity: 2,
          seatIds: ['1-A-2', '1-A-10'],
          unitPrice: 7_000,
          totalPrice: 14_000,
        },
      ],
    })
    const { reservationId } = reservation
    expect((await buyer.client.getReservation({ params: { reservationId } })).body).toEqual(reservation)
    expect(await setting.maps(eventId)).toEqual({ redis: '.h.......h..', postgres: '.h.......h..' })
    expect(await setting.counters(typeId)).toMatchObject({ held: 2 })
    await buyer.client.releaseReservation({ params: { reservationId } })
    expect(await setting.maps(eventId)).toEqual({ redis: '............', postgres: '............' })
    expect((await buyer.client.getReservation({ params: { reservationId } })).body).toMatchObject({
      status: 'CANCELLED',
      tickets: [{ seatIds: ['1-A-2', '1-A-10'] }],
    })
  })

  test('is refused as a whole, naming the taken seats', async () => {
    const { eventId, typeId, organizer } = await setting.offerSeats([[4]])
    const general = await organizer.client.createTicketType({
      body: { eventId, name: 'Standing', unitPrice: 5_000 as Minor, currency: 'EUR', quantity: 5 },
    })
    if (general.status !== 201) throw new Error('no general type')
    const standing = general.body.ticketTypeId
    await made(eventId, seats(typeId, '1-A-2', '1-A-3'))
    const answer = await reserve(eventId, [...some(standing, 2), ...seats(typeId, '1-A-1', '1-A-3', '1-A-2')])
    expect(answer).toMatchObject({ status: 409, body: { reserved: false, error: 'SEATS_TAKEN' } })
    expect(answer.status === 409 && answer.body.seatIds?.toSorted()).toEqual(['1-A-2', '1-A-3'])
    expect(await setting.commands.free(eventId)).toEqual({ [typeId]: 2, [standing]: 5 })
    expect(await setting.maps(eventId)).toEqual({ redis: '.hh.', postgres: '.hh.' })
    const tooMany = await reserve(eventId, [...some(standing, 6), ...seats(typeId, '1-A-1')])
    expect(tooMany).toMatchObject({ status: 409, body: { error: 'INSUFFICIENT_INVENTORY' } })
    const both = await made(eventId, [...some(standing, 5), ...seats(typeId, '1-A-1'), ...best(typeId, 1)])
    expect(both.tickets).toHaveLength(2)
    expect(both).toMatchObject({ totalAmount: 39_000 })
    expect(await setting.maps(eventId)).toEqual({ redis: 'hhhh', postgres: 'hhhh' })
  })

  test('is refused if the type is not seated or does not have the seat', async () => {
    const { eventId, typeId, organizer } = await setting.offerSeats([[3], [3]], { sold: [1] })
    const general = await organizer.client.createTicketType({
      body: { eventId, name: 'Standing', unitPrice: 5_000 as Minor, currency: 'EUR', quantity: 5 },
    })
    if (general.status !== 201) throw new Error('no general type')
    const standing = general.body.ticketTypeId
    const wrong = async (requests: TicketRequest[], path: string) =>
      expect(await reserve(eventId, requests)).toMatchObject(invalid(`body.ticketRequests.${path}`))
    await wrong(seats(typeId, '1-A-1', '2-A-1'), '0.seatIds.1')
    await wrong(seats(typeId, '1-A-9'), '0.seatIds.0')
    await wrong([...seats(typeId, '1-A-1'), ...seats(typeId, '1-A-1')], '1.seatIds.0')
    await wrong(some(typeId), '0.quantity')
    await wrong(seats(standing, '1-A-1'), '0.seatIds')
    await wrong(best(standing, 1), '0.bestAvailable')
    await wrong(seats((await setting.offerSeats([[3]])).typeId, '1-A-1'), '0.ticketTypeId')
    expect(await setting.maps(eventId)).toEqual({ redis: '...xxx', postgres: '...xxx' })
  })

  test('takes the last seats of one type by name and the best of another, naming the taken', async () => {
    const { eventId, typeId, organizer } = await setting.offerSeats([[2], [3]], { sold: [1] })
    const second = await organizer.client.createTicketType({
      body: { eventId, name: 'Balcony', unitPrice: 3_000 as Minor, currency: 'EUR', zoneIds: [2] },
    })
    if (second.status !== 201) throw new Error('no second type')
    const balcony = second.body.ticketTypeId
    const both = await made(eventId, [...seats(typeId, '1-A-1', '1-A-2'), ...best(balcony, 1)])
    expect(both.tickets.flatMap(({ seatIds }) => seatIds).toSorted()).toEqual(['1-A-1', '1-A-2', '2-A-1'])
    expect(await reserve(eventId, [...seats(typeId, '1-A-1'), ...best(balcony, 1)])).toMatchObject({
      status: 409,
      body: { error: 'SEATS_TAKEN', seatIds: ['1-A-1'] },
    })
    expect(await setting.maps(eventId)).toEqual({ redis: 'hhh..', postgres: 'hhh..' })
  })

  test('counts towards the limits like any other', async () => {
    const { eventId, typeId } = await setting.offerSeats([[9]], { maxPerOrder: 3 })
    const buyer = await setting.user()
    const tooMany = [...seats(typeId, '1-A-1', '1-A-2'), ...best(typeId, 2)]
    expect(await reserve(eventId, tooMany, buyer)).toMatchObject({
      status: 409,
      body: { error: 'LIMIT_EXCEEDED' },
    })
    for (let times = 0; times < 3; times++) await made(eventId, best(typeId, 1), buyer)
    expect(await reserve(eventId, best(typeId, 1), buyer)).toMatchObject({
      status: 409,
      body: { error: 'LIMIT_EXCEEDED' },
    })
    expect(await setting.counters(typeId)).toMatchObject({ held: 3 })
  })

  test('that has expired is taken over by a buyer of one of its seats, or of the best', async () => {
    const { eventId, typeId } = await setting.offerSeats([[4]])
    const first = await made(eventId, seats(typeId, '1-A-1', '1-A-2'))
    const second = await made(eventId, seats(typeId, '1-A-3', '1-A-4'))
    expect(await reserve(eventId, seats(typeId, '1-A-2'))).toMatchObject({
      status: 409,
      body: { error: 'SEATS_TAKEN' },
    })
    await setting.expire(first.reservationId)
    await made(eventId, seats(typeId, '1-A-2'))
    expect(await setting.statusOf(first.reservationId)).toBe('EXPIRED')
    expect(await setting.maps(eventId)).toEqual({ redis: '.hhh', postgres: '.hhh' })
    await setting.expire(second.reservationId)
    expect(await made(eventId, best(typeId, 3))).toMatchObject({
      tickets: [{ seatIds: ['1-A-1', '1-A-3', '1-A-4'] }],
    })
    expect(await setting.counters(typeId)).toEqual({ capacity: 4, held: 4, sold: 0 })
  })

  test('of two for one seat is one, fifty times', async () => {
    const { eventId, typeId } = await setting.offerSeats([[50]])
    const pairs = await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const wanted = seats(typeId, `1-A-${index + 1}`)
        const answers = await Promise.all([reserve(eventId, wanted), reserve(eventId, wanted)])
        return answers.map(({ status }) => status).sort()
      }),
    )
    expect(pairs).toEqual(Array.from({ length: 50 }, () => [201, 409]))
    expect(await setting.counters(typeId)).toEqual({ capacity: 50, held: 50, sold: 0 })
    expect(await setting.maps(eventId)).toEqual({ redis: 'h'.repeat(50), postgres: 'h'.repeat(50) })
  })

  test('of a hundred for one seat is one', async () => {
    const { eventId, typeId } = await setting.offerSeats([[2]])
    const buyers = await Promise.all(Array.from({ length: 100 }, () => setting.user()))
    const answers = await Promise.all(buyers.map((buyer) => reserve(eventId, seats(typeId, '1-A-1'), buyer)))
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
    expect(answers.filter(({ body }) => 'error' in body && body.error === 'SEATS_TAKEN')).toHaveLength(99)
    expect(await setting.maps(eventId)).toEqual({ redis: 'h.', postgres: 'h.' })
  })
})

describe('the best seats', () => {
  test('of a crowd are each sold once, side by side, until there are no more', async () => {
    const { eventId, typeId } = await setting.offerSeats([[20, 20]])
    const buyers = await Promise.all(Array.from({ length: 30 }, () => setting.user()))
    const answers = await Promise.all(buyers.map((buyer) => reserve(eventId, best(typeId, 2), buyer)))
    const held = answers.flatMap((answer) =>
      answer.status === 201 ? (answer.body.tickets[0]?.seatIds ?? []) : [],
    )
    expect(new Set(held).size).toBe(40)
    expect(
      answers.filter(({ body }) => 'error' in body && body.error === 'INSUFFICIENT_INVENTORY'),
    ).toHaveLength(10)
    expect(await setting.maps(eventId)).toEqual({ redis: 'h'.repeat(40), postgres: 'h'.repeat(40) })
  })

  test('are sold to the last one by several competing instances', async () => {
    const others = [1, 2].map(() => setting.instance())
    const instances = [setting, ...others]
    const { eventId, typeId } = await setting.offerSeats([Array.from({ length: 6 }, () => 20)])
    const answers = await Promise.all(
      Array.from({ length: 132 }, async (_, index) => {
        const instance = instances[index % instances.length] ?? setting
        return (await reserveFor(instance, eventId, best(typeId, 1))).answer
      }),
    )
    expect(
      Object.groupBy(answers, ({ status, body }) => `${status} ${'error' in body ? body.error : ''}`),
    ).toMatchObject({
      '200 ': { length: 120 },
      '409 INSUFFICIENT_INVENTORY': { length: 12 },
    })
    expect(await setting.counters(typeId)).toEqual({ capacity: 120, held: 120, sold: 0 })
    await Promise.all(others.map(({ close }) => close()))
  })

  test('are found where Redis shows most of what is taken as free', async () => {
    const { eventId, typeId } = await setting.offerSeats([[30]])
    const taken = Array.from({ length: 28 }, (_, index) => `1-A-${index + 2}`)
    for (let from = 0; from < taken.length; from += 7)
      await made(eventId, seats(typeId, ...taken.slice(from, from + 7)))
    await setting.redis.set(`tickets:{${eventId}}:map`, '.'.repeat(30))
    await setting.redis.hset(`tickets:{${eventId}}:free`, typeId, 30)
    await setting.redis.del(...['owners', 'lines', 'expiries'].map((name) => `tickets:{${eventId}}:${name}`))
    expect((await made(eventId, best(typeId, 1))).tickets[0]?.seatIds).toHaveLength(1)
    expect((await made(eventId, best(typeId, 1))).tickets[0]?.seatIds).toHaveLength(1)
    expect(await reserve(eventId, best(typeId, 1))).toMatchObject({
      status: 409,
      body: { error: 'INSUFFICIENT_INVENTORY' },
    })
    expect(await setting.counters(typeId)).toMatchObject({ held: 30 })
  })

  test('that are lost to another buyer every time are refused for now, and not as sold out', async () => {
    const { eventId, typeId } = await setting.offerSeats([[5]])
    const { deps } = setting
    const unlucky = createReserve({
      ...deps,
      db: deps.db,
      holds: createHolds({
        ...deps,
        availabilityCache: {
          ...deps.availabilityCache,
          hold: async (_event, requests) =>
            requests.map(({ lines }) => ({
              outcome: 'taken',
              mayHaveExpired: false,
              seatIds: lines.flatMap(({ seatIds }) => seatIds ?? []),
            })),
        },
        claimSeconds: 60,
        liveMax: 3,
        waitingMax: 100,
      }),
      eventMutex: createMutexByKey({ waitMs: 1_000 }),
      findOffer: createOfferCache({ ...deps, cachedMs: 0 }),
      waitingMax: 100,
    })
    const request = {
      eventId,
      orderId: null,
      ticketRequests: best(typeId, 2),
      seconds: 60,
      repeatable: false,
    }
    const attempt = () => unlucky({ ...request, reservationId: newId(), userId: newId() })
    await expect(attempt()).rejects.toMatchObject({ refusal: { status: 503 } })
    await made(eventId, best(typeId, 4))
    await setting.redis.set(`tickets:{${eventId}}:map`, '.....')
    expect(await attempt()).toMatchObject({ outcome: 'refused', error: 'INSUFFICIENT_INVENTORY' })
  })

  test('are the same when the request is repeated under its key, or under its reservation', async () => {
    const { eventId, typeId } = await setting.offerSeats([[9]])
    const buyer = await setting.user()
    const request = {
      body: { eventId, ticketRequests: best(typeId, 2) },
      headers: { 'idempotency-key': newId<string>() },
    }
    const first = await buyer.client.createReservation(request)
    expect((await buyer.client.createReservation(request)).body).toEqual(first.body)
    const ids = { reservationId: newId<ReservationId>(), orderId: newId<OrderId>(), userId: newId<never>() }
    const body = { ...ids, eventId, ticketRequests: best(typeId, 2) }
    const answers = await Promise.all([1, 2, 3].map(() => setting.internal.reserve({ body })))
    answers.push(await setting.internal.reserve({ body }))
    expect(
      new Set(answers.map((answer) => answer.status === 200 && answer.body.tickets[0]?.seatIds?.join())).size,
    ).toBe(1)
    expect(await setting.counters(typeId)).toMatchObject({ held: 4 })
    const { redis, postgres } = await setting.maps(eventId)
    expect(redis).toBe(postgres)
  })

  test('are chosen again when Redis shows a taken seat as free', async () => {
    const { eventId, typeId } = await setting.offerSeats([[5]])
    await made(eventId, seats(typeId, '1-A-3'))
    await setting.redis.set(`tickets:{${eventId}}:map`, '.....')
    await setting.redis.del(`tickets:{${eventId}}:owners`)
    expect(await made(eventId, best(typeId, 1))).toMatchObject({
      tickets: [{ seatIds: [expect.not.stringMatching('1-A-3')] }],
    })
    await setting.deps.availabilityCache.reconcile()
    const { redis, postgres } = await setting.maps(eventId)
    expect(redis).toBe(postgres)
    expect(postgres.match(/h/g)).toHaveLength(2)
  })
})

test('availability includes seats', async () => {
  const { eventId, typeId } = await setting.offerSeats([[3]])
  await reserveFor(setting, eventId, seats(typeId, '1-A-1'))
  const ask = async (ticketRequests: TicketRequest[]) =>
    (await setting.internal.checkAvailability({ body: { eventId, ticketRequests } })).body
  expect(await ask(seats(typeId, '1-A-1', '1-A-2'))).toMatchObject({
    available: false,
    ticketAvailability: [{ error: 'SEATS_TAKEN', quantityAvailable: 2 }],
  })
  expect(await ask(seats(typeId, '1-A-2', '1-A-3'))).toMatchObject({ available: true })
  expect(await ask(best(typeId, 3))).toMatchObject({ available: false })
})
