import { randomUUID } from 'node:crypto'
import { until } from '@boxoffice/testing'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { createLogger } from '../operations/logging.ts'
import { createDatabase, type SqlDatabase, sideBySide, type TransactOptions, type Tx } from './database.ts'
import { createPool } from './pool.ts'

let pool: pg.Pool
let db: SqlDatabase
const table = `two_trips_${randomUUID().replaceAll('-', '')}`
beforeAll(async () => {
  const logger = createLogger({ service: 'test', level: 'silent' })
  pool = createPool({ databaseUrl: inject('postgresUrl'), login: 'password', max: 2, logger, name: 'tx' })
  db = createDatabase({ pool, logger })
  await pool.query(`create table ${table} (place int primary key)`)
})
afterAll(async () => {
  await pool.query(`drop table ${table}`)
  await pool.end()
})

const insert = (tx: Tx, place: number) =>
  tx.query(`insert into ${table} values ($1) returning place`, [place])
const places = async () =>
  (await db.query<{ place: number }>(`select place from ${table} order by 1`)).map((row) => row.place)

test('a transaction in two round trips writes according to what it read', async () => {
  const written = await db.transactInTwoTrips(
    (tx) => tx.query<{ next: number }>(`select coalesce(max(place), 0) + 1 as next from ${table}`),
    (tx, [row]) => sideBySide([insert(tx, row?.next ?? 0), insert(tx, 10)]),
  )
  expect(written).toEqual([[{ place: 1 }], [{ place: 10 }]])
  expect(await places()).toEqual([1, 10])
})

test('undoes all statements if one fails, rejects with the cause, and the session continues', async () => {
  for (let times = 0; times < 3; times++) {
    const failing = db.transactInTwoTrips(
      async () => null,
      (tx) => sideBySide([insert(tx, 20), (async () => await insert(tx, 1))(), insert(tx, 21)]),
    )
    await expect(failing).rejects.toMatchObject({ code: '23505' })
  }
  expect(await places()).toEqual([1, 10])
})

test('commits nothing if one of its statements cannot be sent', async () => {
  const failing = db.transactInTwoTrips(
    async () => null,
    async (tx) => {
      const sent = insert(tx, 30)
      if (tx) throw new Error('not a statement')
      await sent
    },
  )
  await expect(failing).rejects.toThrow('not a statement')
  expect(await places()).toEqual([1, 10])
})

test('concurrent statements reject with their cause, also inside a savepoint', async () => {
  await db.transact(async (tx) => {
    await tx.query('savepoint here')
    const failing = sideBySide([insert(tx, 40), (async () => await insert(tx, 1))(), insert(tx, 41)])
    await expect(failing).rejects.toMatchObject({ code: '23505' })
    await tx.query('rollback to savepoint here')
    await insert(tx, 50)
  })
  expect(await places()).toEqual([1, 10, 50])
})

test('a session that the server ends inside a transaction fails that transaction only', async () => {
  const ended = db.transact(async (tx) => {
    const [session] = await tx.query<{ pid: number }>('select pg_backend_pid() as pid')
    await db.query('select pg_terminate_backend($1)', [session?.pid])
    // While the transaction waits for something else, no statement is there to be rejected.
    await until(async () => (await db.query(SESSION, [session?.pid])).length === 0)
    await insert(tx, 55)
  })
  await expect(ended).rejects.toThrow(/not queryable|Connection terminated|terminating connection/)
  expect(await places()).toEqual([1, 10, 50])
})
const SESSION = 'select from pg_stat_activity where pid = $1'

const failing = (code: string) => Object.assign(new Error(code), { code })
const DEADLOCK = '40P01'
const CONNECTION_LOST = '08006'

describe('effects of a transaction', () => {
  test('run in order after the commit, before `transact` resolves', async () => {
    const done: string[] = []
    await db.transact(async (tx) => {
      tx.afterCommit(async () => void done.push(`first sees ${(await places()).includes(60)}`))
      tx.afterCommit(() => void done.push('second'))
      tx.afterRollback(() => void done.push('never'))
      await insert(tx, 60)
      done.push('work')
    })
    expect(done).toEqual(['work', 'first sees true', 'second'])
  })
  test('do not run after a rollback; those for a rollback do', async () => {
    const done: string[] = []
    const rolledBack = db.transact(async (tx) => {
      tx.afterCommit(() => void done.push('never'))
      tx.afterRollback(() => void done.push('rolled back'))
      await insert(tx, 61)
      throw new Error('changed my mind')
    })
    await expect(rolledBack).rejects.toThrow('changed my mind')
    expect(done).toEqual(['rolled back'])
    expect(await places()).not.toContain(61)
  })
  test('do not undo the commit if one fails, and the rest run', async () => {
    const done: string[] = []
    const written = await db.transact(async (tx) => {
      tx.afterCommit(() => Promise.reject(new Error('Redis is down')))
      tx.afterCommit(() => void done.push('second'))
      return insert(tx, 62)
    })
    expect([written, done]).toEqual([[{ place: 62 }], ['second']])
  })
  test('is dropped with the part that a savepoint undoes, also where the result is refused', async () => {
    const done: string[] = []
    const part = (tx: Tx, place: number) => async () => {
      tx.afterCommit(() => void done.push(`${place}`))
      await insert(tx, place)
      if (place === 70) throw new Error('never mind')
    }
    await db.transact(async (tx) => {
      await expect(tx.savepoint(part(tx, 70))).rejects.toThrow('never mind')
      await tx.savepoint(part(tx, 71), () => false)
      await tx.savepoint(part(tx, 72))
    })
    expect(done).toEqual(['72'])
    expect((await places()).filter((place) => place >= 70)).toEqual([72])
  })
})

describe('a transaction', () => {
  /** Fails so often, each time after a write and an `afterCommit`. */
  const attempts = async (code: string, failures: number, options: TransactOptions) => {
    let made = 0
    const effects: number[] = []
    const result = await db
      .transact(async (tx) => {
        const attempt = ++made
        tx.afterCommit(() => void effects.push(attempt))
        await tx.query('select 1')
        if (attempt <= failures) throw failing(code)
      }, options)
      .then(
        () => 'committed',
        (error) => error.code,
      )
    return { result, made, effects }
  }
  test('a transaction is retried after a deadlock, with the effects of its last attempt only', async () => {
    expect(await attempts(DEADLOCK, 2, { retries: 2 })).toEqual({
      result: 'committed',
      made: 3,
      effects: [3],
    })
    expect(await attempts(DEADLOCK, 3, { retries: 2 })).toEqual({ result: DEADLOCK, made: 3, effects: [] })
    expect(await attempts(DEADLOCK, 1, {})).toEqual({ result: DEADLOCK, made: 1, effects: [] })
  })
  test('that may have been committed is tried again only where that is harmless', async () => {
    expect(await attempts(CONNECTION_LOST, 1, { retries: 2 })).toMatchObject({
      result: CONNECTION_LOST,
      made: 1,
    })
    expect(await attempts(CONNECTION_LOST, 1, { retries: 2, retryLost: true })).toMatchObject({
      result: 'committed',
      made: 2,
    })
  })
  test('is not retried after another error, except for those declared transient', async () => {
    expect(await attempts('23505', 1, { retries: 2 })).toMatchObject({ result: '23505', made: 1 })
    const retryOn = (error: unknown) => (error as { code?: string }).code === '23505'
    expect(await attempts('23505', 1, { retries: 2, retryOn })).toMatchObject({
      result: 'committed',
      made: 2,
    })
  })
  test('a snapshot sees no commit of others, and cannot write', async () => {
    const seen = await db.transact(
      async (tx) => {
        const before = await tx.query(`select place from ${table} where place = 80`)
        await db.transact((other) => insert(other, 80))
        return [before, await tx.query(`select place from ${table} where place = 80`)]
      },
      { readOnlySnapshot: true },
    )
    expect(seen).toEqual([[], []])
    await expect(db.transact((tx) => insert(tx, 81), { readOnlySnapshot: true })).rejects.toMatchObject({
      code: '25006',
    })
  })
})
