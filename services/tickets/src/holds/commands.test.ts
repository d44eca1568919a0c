import { randomUUID } from 'node:crypto'
import type { EventId, ReservationId, TicketTypeId } from '@boxoffice/contracts'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { type Commands, type Drawing, defineCommands } from './commands.ts'

let redis: Redis
let commands: Commands
beforeAll(() => {
  redis = new Redis(inject('redisUrl'))
  commands = defineCommands(redis)
})
afterAll(() => redis.disconnect())

const id = <T extends string>() => randomUUID() as T
let eventId: EventId
let [floor, balcony] = [id<TicketTypeId>(), id<TicketTypeId>()]
const drawn = (holds: Drawing['holds'] = []): Drawing => ({
  free: [
    { ticketTypeId: floor, count: 10 },
    { ticketTypeId: balcony, count: 2 },
  ],
  holds,
})
const line = (ticketTypeId: TicketTypeId, quantity: number) => ({ ticketTypeId, quantity })

beforeEach(async () => {
  eventId = id()
  floor = id()
  balcony = id()
  await commands.draw(eventId, null, drawn())
})

describe('the commands on a picture in Redis', () => {
  it('hold all lines or none, and the same hold once', async () => {
    const reservation = id<ReservationId>()
    expect(await commands.hold(eventId, reservation, [line(floor, 4), line(balcony, 2)])).toBe('HELD')
    expect(await commands.hold(eventId, reservation, [line(floor, 4), line(balcony, 2)])).toBe('HELD')
    expect(await commands.free(eventId)).toEqual({ [floor]: 6, [balcony]: 0 })
    expect(await commands.hold(eventId, id(), [line(floor, 1), line(balcony, 1)])).toBe('INSUFFICIENT')
    expect(await commands.free(eventId)).toEqual({ [floor]: 6, [balcony]: 0 })
  })

  it('let a provisional hold go by itself when the database never confirms it', async () => {
    const [lost, kept] = [id<ReservationId>(), id<ReservationId>()]
    await commands.hold(eventId, lost, [line(balcony, 1)])
    await commands.hold(eventId, kept, [line(balcony, 1)])
    await commands.confirm(eventId, kept, [line(balcony, 1)], 60_000)
    // Eleven seconds later, as Redis counts them.
    for (const reservation of [lost, kept]) await redis.zincrby(`tickets:{${eventId}}:expiries`, -11_000, reservation)
    expect(await commands.hold(eventId, id(), [line(balcony, 1)])).toBe('HELD')
    expect(await commands.hold(eventId, id(), [line(balcony, 1)])).toBe('INSUFFICIENT')
  })

  it('say when holds stand in the way that the database may have let go already', async () => {
    const reservation = id<ReservationId>()
    await commands.hold(eventId, reservation, [line(balcony, 2)])
    await commands.confirm(eventId, reservation, [line(balcony, 2)], -1_000)
    expect(await commands.hold(eventId, id(), [line(balcony, 1)])).toBe('INSUFFICIENT_BUT_EXPIRED')
    await commands.release(eventId, [reservation])
    expect(await commands.hold(eventId, id(), [line(balcony, 1)])).toBe('HELD')
  })

  it('release once, and put back a confirmed hold that Redis had lost', async () => {
    const reservation = id<ReservationId>()
    await commands.confirm(eventId, reservation, [line(floor, 3)], 60_000)
    expect(await commands.free(eventId)).toEqual({ [floor]: 7, [balcony]: 2 })
    for (let times = 0; times < 2; times++) await commands.release(eventId, [reservation])
    expect(await commands.free(eventId)).toEqual({ [floor]: 10, [balcony]: 2 })
  })

  it('know when there is no picture, or none of a type', async () => {
    expect(await commands.hold(id(), id(), [line(floor, 1)])).toBe('NO_PICTURE')
    expect(await commands.hold(eventId, id(), [line(id(), 1)])).toBe('NO_PICTURE')
  })

  it('draw only what was not changed since it was read, and keep provisional holds', async () => {
    const before = await commands.changes(eventId)
    await commands.hold(eventId, id(), [line(floor, 1)])
    expect(await commands.draw(eventId, before, drawn())).toBe('CHANGED_MEANWHILE')
    const now = await commands.changes(eventId)
    expect(await commands.draw(eventId, now, drawn())).toBe('EQUAL')
    expect(await commands.free(eventId)).toEqual({ [floor]: 9, [balcony]: 2 })
    const held = { reservationId: id<ReservationId>(), remainingMs: 60_000, lines: [line(balcony, 1)] }
    const free = [line(floor, 5), line(balcony, 1)].map(({ ticketTypeId, quantity }) => ({ ticketTypeId, count: quantity }))
    expect(await commands.draw(eventId, await commands.changes(eventId), { free, holds: [held] })).toBe('CORRECTED')
    expect(await commands.free(eventId)).toEqual({ [floor]: 4, [balcony]: 1 })
    await commands.release(eventId, [held.reservationId])
    expect(await commands.free(eventId)).toEqual({ [floor]: 4, [balcony]: 2 })
  })
})
