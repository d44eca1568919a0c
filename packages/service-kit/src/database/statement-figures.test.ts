import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { withCorrelationId } from '../operations/context.ts'
import { createLogger } from '../operations/logging.ts'
import { createMetrics } from '../operations/metrics.ts'
import { createDatabase, type SqlDatabase } from './database.ts'
import { createPool } from './pool.ts'
import { countStatements } from './statement-figures.ts'

let pool: ReturnType<typeof createPool>
let db: SqlDatabase
const metrics = createMetrics('test')
beforeAll(() => {
  const logger = createLogger({ service: 'test', level: 'silent' })
  pool = createPool({
    databaseUrl: inject('postgresUrl'),
    login: 'password',
    max: 2,
    logger,
    name: 'counted',
  })
  db = createDatabase({ pool, logger })
  countStatements(pool, metrics)
})
afterAll(() => pool.end())

const figures = async () => {
  const values: Record<string, number> = {}
  for (const name of ['transactions', 'statements']) {
    const counter = metrics.registry.getSingleMetric(`database_${name}_total`)
    for (const { labels, value } of (await counter?.get())?.values ?? [])
      values[`${labels.kind} ${name}`] = value
  }
  return values
}
/** Returns what `work` adds to the figures. */
async function added(work: () => Promise<unknown>): Promise<Record<string, number>> {
  const before = await figures()
  await work()
  await new Promise((resolve) => setImmediate(resolve))
  return Object.fromEntries(
    Object.entries(await figures())
      .map(([name, value]) => [name, value - (before[name] ?? 0)] as const)
      .filter(([, value]) => value > 0),
  )
}

test('a transaction counts once, with all statements, also those without an answer', async () => {
  const two = () =>
    db.transact(async (tx) => {
      await tx.query('select 1')
      await tx.query('select $1::int', [2])
    })
  expect(await added(two)).toEqual({ 'work transactions': 1, 'work statements': 4 })
})

test('a statement outside a transaction counts as one, with a promise or a callback', async () => {
  expect(await added(() => pool.query('select 1'))).toEqual({ 'work transactions': 1, 'work statements': 1 })
  const client = await pool.connect()
  expect(await added(() => client.query('select 1'))).toEqual({
    'work transactions': 1,
    'work statements': 1,
  })
  client.release()
})

test('a query without rows is a poll, unless a request or message caused it', async () => {
  const look = () => pool.query('select from pg_class where false')
  expect(await added(look)).toEqual({ 'poll transactions': 1, 'poll statements': 1 })
  expect(await added(() => withCorrelationId('c', look))).toEqual({
    'work transactions': 1,
    'work statements': 1,
  })
  const nothing = () => db.transact((tx) => tx.query('select from pg_class where false'))
  expect(await added(nothing)).toEqual({ 'poll transactions': 1, 'poll statements': 3 })
})

test('a rolled-back transaction does not count, and the next one does', async () => {
  const failing = () => db.transact((tx) => tx.query('select 1 / 0')).catch(() => {})
  expect(await added(failing)).toEqual({})
  expect(await added(() => pool.query('select 1'))).toEqual({ 'work transactions': 1, 'work statements': 1 })
})
