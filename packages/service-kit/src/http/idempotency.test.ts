import type pg from 'pg'
import { afterAll, beforeAll, beforeEach, expect, inject, test, vi } from 'vitest'
import { createDatabase, type SqlDatabase } from '../database/database.ts'
import { createPool } from '../database/pool.ts'
import { createLogger } from '../operations/logging.ts'
import { createMetrics } from '../operations/metrics.ts'
import { createTestDatabase } from '../testing.ts'
import { createIdempotencyStore, type IdempotencyStore } from './idempotency.ts'

const LEASE_MS = 60_000
let pool: pg.Pool
let db: SqlDatabase
let store: IdempotencyStore
beforeAll(async () => {
  const databaseUrl = await createTestDatabase(inject('postgresUrl'), 'services/tickets/prisma/migrations')
  const logger = createLogger({ service: 'test', level: 'silent' })
  pool = createPool({ databaseUrl, login: 'password', max: 8, logger, name: 'idempotency' })
  db = createDatabase({ pool, logger })
  store = createIdempotencyStore(db, { metrics: createMetrics('test'), leaseMs: LEASE_MS })
})
afterAll(() => pool.end())
beforeEach(() => pool.query('truncate idempotency_keys'))

const asked = (key: string, bodyHash = 'a') => ({ scope: 'user POST /api/things', key, bodyHash })
const json = (body: string) => ({ status: 201, contentType: 'application/json', body })
const outcomes = (begun: readonly { outcome: string }[]) => begun.map(({ outcome }) => outcome)
const begin = (...requests: ReturnType<typeof asked>[]) => Promise.all(requests.map(store.begin))

test('requests of one tick cost one statement, their answers another; each gets its own answer', async () => {
  const query = vi.spyOn(pool, 'query')
  const begun = await begin(asked('1'), asked('2'), asked('3'))
  expect(outcomes(begun)).toEqual(['started', 'started', 'started'])
  const leases = begun.map((one) => (one.outcome === 'started' ? one : null))
  expect(new Set(leases.map((one) => one?.resourceId)).size).toBe(3)
  await Promise.all(
    leases.map((one, index) => one && store.complete(one.lease, json(`"answer ${index + 1}"`))),
  )
  expect(query).toHaveBeenCalledTimes(2)
  query.mockRestore()
  const again = await begin(asked('3'), asked('4'), asked('1', 'b'), asked('2'))
  expect(again).toMatchObject([
    { outcome: 'replay', answer: { status: 201, body: '"answer 3"' } },
    { outcome: 'started' },
    { outcome: 'mismatch' },
    { outcome: 'replay', answer: { status: 201, body: '"answer 2"' } },
  ])
})

test('a key that arrives twice in one tick is executed once', async () => {
  const twice = outcomes(await begin(asked('1'), asked('2'), asked('1'), asked('1')))
  expect(twice[1]).toBe('started')
  expect([twice[0], twice[2], twice[3]].sort()).toEqual(['in-progress', 'in-progress', 'started'])
})

test('a lease that another took over stores no answer, and its neighbours store theirs', async () => {
  const [lost, kept] = await begin(asked('1'), asked('2'))
  if (lost?.outcome !== 'started' || kept?.outcome !== 'started') throw new Error('not started')
  await pool.query(
    "update idempotency_keys set leased_until = clock_timestamp() - interval '1 second' where key = '1'",
  )
  expect(await store.begin(asked('1'))).toMatchObject({ outcome: 'started', resourceId: lost.resourceId })
  await Promise.all([
    store.complete(lost.lease, json('"late"')),
    store.complete(kept.lease, json('"in time"')),
  ])
  expect(await begin(asked('1'), asked('2'))).toMatchObject([
    { outcome: 'in-progress' },
    { outcome: 'replay', answer: { body: '"in time"' } },
  ])
})

test('batches with equal keys in different orders do not deadlock; each key runs once', async () => {
  const keys = Array.from({ length: 40 }, (_, index) => String(index))
  const other = createIdempotencyStore(db, { metrics: createMetrics('test'), leaseMs: LEASE_MS })
  const batches = await Promise.all(
    Array.from({ length: 8 }, (_, round) => {
      const { begin: take } = round % 2 ? store : other
      const order = round % 4 < 2 ? keys : keys.toReversed()
      return Promise.all(order.map(async (key) => ({ key, ...(await take(asked(key))) })))
    }),
  )
  const started = batches.flat().filter(({ outcome }) => outcome === 'started')
  expect(started.map(({ key }) => key).sort()).toEqual(keys.toSorted())
})
