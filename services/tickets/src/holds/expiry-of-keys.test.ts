import { randomUUID } from 'node:crypto'
import type { EventId, ReservationId, TicketTypeId } from '@boxoffice/contracts'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest'
import { type Commands, defineCommands, PAYING_EXTRA_MS, type Places } from './commands.ts'

/** The shortest that can be configured. */
const CACHE_TTL_MS = 2 * 86_400_000

let redis: Redis
let commands: Commands
beforeAll(() => {
  redis = new Redis(inject('redisUrl'))
  commands = defineCommands(redis, { cacheTtlMs: CACHE_TTL_MS })
})
afterAll(() => redis.disconnect())

const id = <T extends string>() => randomUUID() as T
const [floor, balcony] = [id<TicketTypeId>(), id<TicketTypeId>()]
const free = [floor, balcony].map((ticketTypeId) => ({ ticketTypeId, count: 10 }))
let eventId: EventId
const rebuild = () => commands.rebuild(eventId, null, { free, map: '....x', holds: [] })
beforeEach(async () => {
  eventId = id()
  await rebuild()
})

const line = (ticketTypeId: TicketTypeId, quantity: number) => ({ ticketTypeId, quantity })
const keyNames = ['epoch', 'free', 'expiries', 'lines', 'changes', 'map', 'owners'] as const
const keyOf = (name: string) => `tickets:{${eventId}}:${name}`
/** Remaining time of the keys that exist, in ms; -1 if a key never expires. */
async function remaining(): Promise<Partial<Record<string, number>>> {
  const all = await Promise.all(keyNames.map(async (name) => [name, await redis.pttl(keyOf(name))] as const))
  return Object.fromEntries(all.filter(([, ms]) => ms !== -2))
}
const seated = (seat: number) => ({ lines: [line(floor, 1), line(balcony, 1)], seats: [seat] })
const buyer = id<ReservationId>()
const hold = (reservationId: ReservationId, places: Places) =>
  commands.hold(eventId, [{ reservationId, places }])
const confirm = (reservationId: ReservationId, places: Places, remainingMs: number) =>
  commands.confirm(eventId, [{ reservationId, places, remainingMs }])
const touches: [string, () => Promise<unknown>][] = [
  ['a hold', () => hold(id(), seated(0))],
  ['a confirmed hold', () => confirm(buyer, seated(1), 60_000)],
  ['a release', () => commands.release(eventId, [id()])],
  ['a sale', () => commands.sell(eventId, buyer)],
  ['sold places released', () => commands.releaseSold(eventId, [line(floor, 1)], [])],
  ['a reading of the map', () => commands.readSeatMap(eventId)],
  ['a rebuild', () => rebuild()],
]

test('all keys of an event expire eventually, also those with holds, the epoch first', async () => {
  for (let round = 0; round < 2; round++) {
    const kept = id<ReservationId>()
    const steps = [
      () => hold(kept, seated(2)),
      () => commands.release(eventId, [kept]), // nothing is held now
      () => confirm(kept, { lines: [line(floor, 2)], seats: [] }, 60_000),
      () => hold(id(), seated(3)),
      () => redis.zadd(keyOf('expiries'), 1, kept).then(() => commands.readSeatMap(eventId)),
      ...touches.map(([, touch]) => touch),
    ]
    for (const step of steps) {
      await step()
      const { epoch = 0, ...others } = await remaining()
      expect(epoch).toBeGreaterThan(0.9 * CACHE_TTL_MS - 60_000)
      for (const [name, ms] of Object.entries(others)) expect(ms, name).toBeGreaterThan(epoch)
    }
  }
})

test.each(touches)('all keys get a new time to live after %s', async (_, touch) => {
  await hold(id(), seated(2))
  for (const name of keyNames) await redis.pexpire(keyOf(name), name === 'epoch' ? 60_000 : 90_000)
  await touch()
  const all = await remaining()
  expect(Object.keys(all)).toEqual(expect.arrayContaining(['epoch', 'free', 'changes', 'map']))
  for (const [name, ms] of Object.entries(all)) expect(ms, name).toBeGreaterThan(CACHE_TTL_MS - 60_000)
})

test('all keys outlive the longest hold, even if an earlier use has not renewed them', async () => {
  const longestMs = 86_400_000 + PAYING_EXTRA_MS
  for (const name of keyNames)
    await redis.pexpire(keyOf(name), 0.9 * CACHE_TTL_MS + (name === 'epoch' ? 60_000 : 90_000))
  await confirm(buyer, seated(1), longestMs)
  const ends = Number(await redis.zscore(keyOf('expiries'), buyer))
  for (const [name, ms] of Object.entries(await remaining()))
    expect(Date.now() + (ms ?? 0), name).toBeGreaterThan(ends)
})

test('without a cache no key is created except the count of changes, which expires as well', async () => {
  eventId = id()
  for (const [what, touch] of touches.filter(([what]) => what !== 'a rebuild')) {
    await touch()
    for (const [name, ms] of Object.entries(await remaining())) {
      expect([what, name]).toEqual([what, 'changes'])
      expect(ms).toBeGreaterThan(CACHE_TTL_MS)
    }
  }
  expect(await remaining()).toHaveProperty('changes')
})

test('keys expire sooner after their time to live was shortened', async () => {
  for (const name of keyNames) await redis.pexpire(keyOf(name), 10 * CACHE_TTL_MS)
  await commands.readSeatMap(eventId)
  expect((await remaining()).epoch).toBeLessThanOrEqual(CACHE_TTL_MS)
})

test('a sale leaves nothing behind where the cache has just ended', async () => {
  await confirm(buyer, seated(1), 60_000)
  await redis.del(keyOf('epoch'), keyOf('map'))
  expect(await commands.sell(eventId, buyer)).toBe(false)
  expect(await redis.exists(keyOf('map'))).toBe(0)
})
