import { randomUUID } from 'node:crypto'
import type { EventId, ReservationId, TicketTypeId } from '@boxoffice/contracts'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { type Commands, defineCommands, type HoldAnswer, type Places, type Snapshot } from './commands.ts'

let redis: Redis
let commands: Commands
beforeAll(() => {
  redis = new Redis(inject('redisUrl'))
  commands = defineCommands(redis, { cacheTtlMs: 604_800_000 })
})
afterAll(() => redis.disconnect())

const id = <T extends string>() => randomUUID() as T
let eventId: EventId
let [floor, balcony] = [id<TicketTypeId>(), id<TicketTypeId>()]
const snapshot = (holds: Snapshot['holds'] = []): Snapshot => ({
  free: [
    { ticketTypeId: floor, count: 10 },
    { ticketTypeId: balcony, count: 2 },
  ],
  map: '....x',
  holds,
})
const line = (ticketTypeId: TicketTypeId, quantity: number) => ({ ticketTypeId, quantity })
const places = (...lines: { ticketTypeId: TicketTypeId; quantity: number }[]) => ({ lines, seats: [] })
/** Balcony seats, and a matching quantity. */
const sitting = (...seats: number[]) => ({ lines: [line(balcony, seats.length)], seats })
const holdOne = async (eventId: EventId, reservationId: ReservationId, wanted: Places) =>
  (await commands.hold(eventId, [{ reservationId, places: wanted }]))[0] as HoldAnswer
const confirm = (reservationId: ReservationId, held: Places, remainingMs: number) =>
  commands.confirm(eventId, [{ reservationId, places: held, remainingMs }])
/** Returns what the command answers, with a suffix when holds may have expired. */
const hold = async (eventId: EventId, reservationId: ReservationId, wanted: Places) => {
  const held = await holdOne(eventId, reservationId, wanted)
  return 'mayHaveExpired' in held && held.mayHaveExpired ? `${held.answer} but over` : held.answer
}
const mapOf = async () => (await commands.readSeatMap(eventId))?.statuses

beforeEach(async () => {
  eventId = id()
  floor = id()
  balcony = id()
  await commands.rebuild(eventId, null, snapshot())
})

describe('the commands on a cache in Redis', () => {
  test('hold all lines or none, and the same hold once', async () => {
    const reservation = id<ReservationId>()
    expect(await hold(eventId, reservation, places(line(floor, 4), line(balcony, 2)))).toBe('HELD')
    expect(await hold(eventId, reservation, places(line(floor, 4), line(balcony, 2)))).toBe('HELD')
    expect(await commands.free(eventId)).toEqual({ [floor]: 6, [balcony]: 0 })
    expect(await hold(eventId, id(), places(line(floor, 1), line(balcony, 1)))).toBe('INSUFFICIENT')
    expect(await commands.free(eventId)).toEqual({ [floor]: 6, [balcony]: 0 })
  })

  test('hold for many at once, in order, each on its own', async () => {
    const requests = [
      sitting(0, 1),
      sitting(1, 2),
      places(line(floor, 10)),
      places(line(floor, 1)),
      sitting(4),
      places(line(id(), 1)),
    ]
    const answers = await commands.hold(
      eventId,
      requests.map((places) => ({ reservationId: id<ReservationId>(), places })),
    )
    expect(answers).toEqual([
      { answer: 'HELD' },
      { answer: 'TAKEN', mayHaveExpired: false, seats: [1] },
      { answer: 'HELD' },
      { answer: 'INSUFFICIENT', mayHaveExpired: false },
      { answer: 'NOT_CACHED' },
      { answer: 'NOT_CACHED' },
    ])
    expect(await mapOf()).toBe('hh..x')
    expect(await commands.free(eventId)).toEqual({ [floor]: 0, [balcony]: 0 })
  })

  test('release a provisional hold by itself when the database never confirms it', async () => {
    const [lost, kept] = [id<ReservationId>(), id<ReservationId>()]
    await hold(eventId, lost, places(line(balcony, 1)))
    await hold(eventId, kept, places(line(balcony, 1)))
    await confirm(kept, places(line(balcony, 1)), 60_000)
    // Redis keeps its own time: move the expiries eleven seconds back.
    for (const reservation of [lost, kept])
      await redis.zincrby(`tickets:{${eventId}}:expiries`, -11_000, reservation)
    expect(await hold(eventId, id(), places(line(balcony, 1)))).toBe('HELD')
    expect(await hold(eventId, id(), places(line(balcony, 1)))).toBe('INSUFFICIENT')
  })

  test('report when holds in the way may have expired in the database already', async () => {
    const reservation = id<ReservationId>()
    await hold(eventId, reservation, places(line(balcony, 2)))
    await confirm(reservation, places(line(balcony, 2)), -1_000)
    expect(await hold(eventId, id(), places(line(balcony, 1)))).toBe('INSUFFICIENT but over')
    await commands.release(eventId, [reservation])
    expect(await hold(eventId, id(), places(line(balcony, 1)))).toBe('HELD')
  })

  test('release once, and put back a confirmed hold that Redis had lost', async () => {
    const reservation = id<ReservationId>()
    await confirm(reservation, places(line(floor, 3)), 60_000)
    expect(await commands.free(eventId)).toEqual({ [floor]: 7, [balcony]: 2 })
    for (let times = 0; times < 2; times++) await commands.release(eventId, [reservation])
    expect(await commands.free(eventId)).toEqual({ [floor]: 10, [balcony]: 2 })
  })

  test('report when there is no cache, or a type is not in it', async () => {
    expect(await hold(id(), id(), places(line(floor, 1)))).toBe('NOT_CACHED')
    expect(await hold(eventId, id(), places(line(id(), 1)))).toBe('NOT_CACHED')
  })

  test('rebuild only what has not changed since it was read, and keep provisional holds', async () => {
    const before = await commands.changes(eventId)
    await hold(eventId, id(), places(line(floor, 1)))
    expect(await commands.rebuild(eventId, before, snapshot())).toBe('CHANGED_MEANWHILE')
    const now = await commands.changes(eventId)
    expect(await commands.rebuild(eventId, now, snapshot())).toBe('EQUAL')
    expect(await commands.free(eventId)).toEqual({ [floor]: 9, [balcony]: 2 })
    const held = { reservationId: id<ReservationId>(), remainingMs: 60_000, ...sitting(1) }
    const free = [line(floor, 5), line(balcony, 1)].map(({ ticketTypeId, quantity }) => ({
      ticketTypeId,
      count: quantity,
    }))
    expect(
      await commands.rebuild(eventId, await commands.changes(eventId), { free, map: '.h.sx', holds: [held] }),
    ).toBe('CORRECTED')
    expect(await commands.free(eventId)).toEqual({ [floor]: 4, [balcony]: 1 })
    expect(await mapOf()).toBe('.h.sx')
    await commands.release(eventId, [held.reservationId])
    expect(await mapOf()).toBe('...sx')
    expect(await commands.free(eventId)).toEqual({ [floor]: 4, [balcony]: 2 })
  })

  test('rebuild a sold-out hall in parts, which leave nothing behind even when it changed', async () => {
    const holds = Array.from({ length: 1_200 }, (_, seat) => ({
      reservationId: id<ReservationId>(),
      remainingMs: 60_000,
      ...sitting(seat),
    }))
    const hall = { free: [{ ticketTypeId: balcony, count: 3 }], map: '.'.repeat(1_203), holds }
    expect(await commands.rebuild(eventId, 'before', hall)).toBe('CHANGED_MEANWHILE')
    expect(await commands.rebuild(eventId, await commands.changes(eventId), hall)).toBe('CORRECTED')
    expect(await mapOf()).toBe(`${'h'.repeat(1_200)}...`)
    expect(await commands.rebuild(eventId, await commands.changes(eventId), hall)).toBe('EQUAL')
    expect((await redis.keys(`tickets:{${eventId}}:*`)).length).toBe(7)
    expect(await redis.zcard(`tickets:{${eventId}}:expiries`)).toBe(1_200)
    await commands.release(
      eventId,
      holds.slice(0, 1_199).map(({ reservationId }) => reservationId),
    )
    expect(await mapOf()).toBe(`${'.'.repeat(1_199)}h...`)
    expect(await commands.free(eventId)).toEqual({ [balcony]: 1_202 })
  })

  test('hold all seats or none, say which are taken, and free them for their owner alone', async () => {
    const [first, second] = [id<ReservationId>(), id<ReservationId>()]
    expect(await hold(eventId, first, sitting(0, 2))).toBe('HELD')
    expect(await mapOf()).toBe('h.h.x')
    expect(await holdOne(eventId, second, sitting(1, 2))).toEqual({
      answer: 'TAKEN',
      mayHaveExpired: false,
      seats: [2],
    })
    expect(await mapOf()).toBe('h.h.x')
    // The database gave seat 2 to the second: releasing the first must not free it.
    await confirm(second, sitting(2), 60_000)
    await commands.release(eventId, [first])
    expect(await mapOf()).toBe('..h.x')
    expect(await commands.free(eventId)).toEqual({ [floor]: 10, [balcony]: 1 })
  })

  test('hold other seats when the same reservation is requested again before it was written', async () => {
    const reservation = id<ReservationId>()
    await hold(eventId, reservation, sitting(0, 1))
    expect(await hold(eventId, reservation, sitting(1, 3))).toBe('HELD')
    expect(await mapOf()).toBe('.h.hx')
    await confirm(reservation, sitting(2), 60_000)
    expect(await mapOf()).toBe('..h.x')
    expect(await commands.free(eventId)).toEqual({ [floor]: 10, [balcony]: 1 })
  })

  test('let seats go when their time is over, and say when the database may have done so too', async () => {
    const reservation = id<ReservationId>()
    await hold(eventId, reservation, sitting(0))
    await confirm(reservation, sitting(0), -1_000)
    expect(await holdOne(eventId, id(), sitting(0))).toEqual({
      answer: 'TAKEN',
      mayHaveExpired: true,
      seats: [0],
    })
    expect(await commands.readSeatMap(eventId)).toMatchObject({ statuses: 'h...x', mayHaveExpired: true })
    await redis.zincrby(`tickets:{${eventId}}:expiries`, -5_000, reservation)
    expect(await commands.readSeatMap(eventId)).toMatchObject({ statuses: '....x', mayHaveExpired: false })
    expect(await commands.free(eventId)).toEqual({ [floor]: 10, [balcony]: 2 })
  })

  test('ask for a rebuild for a seat that the cache does not sell', async () => {
    expect(await hold(eventId, id(), sitting(4))).toBe('NOT_CACHED')
    expect(await hold(eventId, id(), sitting(99))).toBe('NOT_CACHED')
    expect(await commands.readSeatMap(id())).toBeNull()
  })

  test('keep provisional seats in a rebuild, unless the database gave them away', async () => {
    await hold(eventId, id(), sitting(0, 1))
    const free = [{ ticketTypeId: balcony, count: 1 }]
    await commands.rebuild(eventId, null, { free, map: '.s..x', holds: [] })
    expect(await mapOf()).toBe('hs..x')
  })

  test('make a hold a sale, which does not run out and is not held', async () => {
    const buyer = id<ReservationId>()
    await hold(eventId, buyer, { lines: [line(floor, 2), line(balcony, 1)], seats: [1] })
    await confirm(buyer, { lines: [line(floor, 2), line(balcony, 1)], seats: [1] }, 60_000)
    expect(await commands.sell(eventId, buyer)).toBe(true)
    expect(await mapOf()).toBe('.s..x')
    for (let times = 0; times < 2; times++) await commands.release(eventId, [buyer])
    expect(await mapOf()).toBe('.s..x')
    expect(await commands.free(eventId)).toEqual({ [floor]: 8, [balcony]: 1 })
    const now = await commands.changes(eventId)
    expect(await commands.sell(eventId, buyer)).toBe(false)
    expect(await commands.changes(eventId)).not.toBe(now)
    expect(await commands.sell(id(), buyer)).toBe(false)
  })

  test('release sold seats, also those still shown as held, each once', async () => {
    const buyer = id<ReservationId>()
    await commands.rebuild(eventId, null, { ...snapshot(), map: 's...x' })
    await confirm(buyer, sitting(1), 60_000)
    const sold = [0, 1, 2].map((seat) => ({ seat, ticketTypeId: balcony, reservationId: buyer }))
    for (let times = 0; times < 2; times++) await commands.releaseSold(eventId, [], sold)
    expect(await mapOf()).toBe('....x')
    expect(await commands.free(eventId)).toEqual({ [floor]: 10, [balcony]: 3 })
    await commands.releaseSold(eventId, [line(floor, 2)], [])
    expect(await commands.free(eventId)).toMatchObject({ [floor]: 12 })
  })
})
