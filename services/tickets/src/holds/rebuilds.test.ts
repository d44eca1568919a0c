import { randomUUID } from 'node:crypto'
import type { EventId, TicketTypeId } from '@boxoffice/contracts'
import { policies, type Tx } from '@boxoffice/service-kit'
import { createWatchers } from '@boxoffice/service-kit/testing'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { type Commands, defineCommands } from './commands.ts'
import { guardRedis } from './guarded-redis.ts'
import { createRebuilds } from './rebuilds.ts'

let redis: Redis
let commands: Commands
beforeAll(() => {
  redis = new Redis(inject('redisUrl'))
  commands = defineCommands(redis, { cacheTtlMs: 172_800_000 })
})
afterAll(() => redis.disconnect())

const id = <T extends string>() => randomUUID() as T

/** A database with one event and one ticket type without holds. */
function database(eventId: EventId, typeId: TicketTypeId) {
  const state = { free: 5, busy: true, changedAt: 'then', readings: 0 }
  const query = async (sql: string) => {
    if (sql.includes('as "changedAt" from ticket_type_counters'))
      return state.busy ? [{ eventId, changedAt: state.changedAt }] : []
    state.readings++
    return [
      {
        free: [{ ticketTypeId: typeId, count: state.free }],
        closed: [],
        live: '[]',
        lines: '[]',
        held: '[]',
        sold: '[]',
      },
    ]
  }
  return { state, sql: { query } as Tx }
}

const findPlan = async () => null

test('an ever-changing event is rebuilt with provisional holds, and then rebuilt again', async () => {
  const [eventId, typeId] = [id<EventId>(), id<TicketTypeId>()]
  const { state, sql } = database(eventId, typeId)
  const line = { ticketTypeId: typeId, quantity: 1 }
  let changing = true
  const busy: Commands = {
    ...commands,
    /** Another hold arrives between every reading and its rebuild. */
    async changes(eventId) {
      const changes = await commands.changes(eventId)
      if (changing)
        await commands.hold(eventId, [{ reservationId: id(), places: { lines: [line], seats: [] } }])
      return changes
    },
  }
  const guarded = guardRedis(policies.redis, createWatchers())
  const logger = { info: () => {} } as unknown as Parameters<typeof createRebuilds>[0]['logger']
  const rebuilds = createRebuilds({ commands: busy, sql, findPlan, guarded, logger })

  await commands.rebuild(eventId, null, {
    free: [{ ticketTypeId: typeId, count: 1_000 }],
    map: '',
    holds: [],
  })
  const corrected: EventId[][] = []
  for (let round = 1; round <= 3; round++) corrected.push(await rebuilds.reconcile())
  expect(corrected).toEqual([[], [], [eventId]])
  const provisional = await redis.hlen(`tickets:{${eventId}}:lines`)
  expect(provisional).toBe(3)
  expect(await commands.free(eventId)).toEqual({ [typeId]: 5 - provisional })

  // Changes during the rebuild may be missing from the cache: it is rebuilt even if nothing else happens.
  Object.assign(state, { free: 4, busy: false })
  changing = false
  expect(await rebuilds.reconcile()).toEqual([eventId])
  expect(await commands.free(eventId)).toEqual({ [typeId]: 4 - provisional })
  expect(await rebuilds.reconcile()).toEqual([])
})

test('an event that takes long is reconciled for a twentieth of the time, and not dropped', async () => {
  const [eventId, typeId] = [id<EventId>(), id<TicketTypeId>()]
  const { state, sql } = database(eventId, typeId)
  const guarded = guardRedis(policies.redis, createWatchers())
  const logger = { info: () => {} } as unknown as Parameters<typeof createRebuilds>[0]['logger']
  let now = 0
  let readings = 0
  const slow = {
    query: async (text: string) => {
      if (!text.includes('as "changedAt" from ticket_type_counters')) {
        readings++
        now += 2_000
      }
      return sql.query(text)
    },
  } as Tx
  const rebuilds = createRebuilds({ commands, sql: slow, findPlan, guarded, logger, nowMs: () => now })
  for (now = 0; now < 40_000; now = 15_000 * Math.ceil((now + 1) / 15_000)) {
    await rebuilds.reconcile()
    state.busy = now < 15_000 // it was due then, and nothing happens to it any more
  }
  expect(readings).toBe(1)
  await rebuilds.reconcile()
  expect([now, readings]).toEqual([47_000, 2])
})

test('an event unchanged since its comparison, in database and Redis, is not read again', async () => {
  const [eventId, typeId] = [id<EventId>(), id<TicketTypeId>()]
  const { state, sql } = database(eventId, typeId)
  const guarded = guardRedis(policies.redis, createWatchers())
  const logger = { info: () => {} } as unknown as Parameters<typeof createRebuilds>[0]['logger']
  const rebuilds = createRebuilds({ commands, sql, findPlan, guarded, logger })
  expect(await rebuilds.reconcile()).toEqual([eventId])
  for (let round = 0; round < 3; round++) expect(await rebuilds.reconcile()).toEqual([])
  expect(state.readings).toBe(1)
  Object.assign(state, { free: 4, changedAt: 'now' })
  expect(await rebuilds.reconcile()).toEqual([eventId])
  await redis.del(...['epoch', 'free', 'changes'].map((name) => `tickets:{${eventId}}:${name}`))
  expect(await rebuilds.reconcile()).toEqual([eventId])
  rebuilds.markStale(eventId)
  expect(await rebuilds.reconcile()).toEqual([])
  expect(state.readings).toBe(4)
})
