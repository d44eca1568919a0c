import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { createLogger } from '../operations/logging.ts'
import { createDatabase, type SqlDatabase, sideBySide, type Tx } from './database.ts'
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

test('a transaction in two trips commits what it wrote by what it read', async () => {
  const written = await db.transactInTwoTrips(
    (tx) => tx.query<{ next: number }>(`select coalesce(max(place), 0) + 1 as next from ${table}`),
    (tx, [row]) => sideBySide([insert(tx, row?.next ?? 0), insert(tx, 10)]),
  )
  expect(written).toEqual([[{ place: 1 }], [{ place: 10 }]])
  expect(await places()).toEqual([1, 10])
})

test('when one of its statements fails all are undone, the cause is told, and its session goes on', async () => {
  for (let times = 0; times < 3; times++) {
    const failing = db.transactInTwoTrips(
      async () => null,
      (tx) => sideBySide([insert(tx, 20), (async () => await insert(tx, 1))(), insert(tx, 21)]),
    )
    await expect(failing).rejects.toMatchObject({ code: '23505' })
  }
  expect(await places()).toEqual([1, 10])
})

test('when one of its statements cannot even be sent nothing is committed', async () => {
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

test('statements side by side reject with their cause, also inside a savepoint', async () => {
  await db.transact(async (tx) => {
    await tx.query('savepoint here')
    const failing = sideBySide([insert(tx, 40), (async () => await insert(tx, 1))(), insert(tx, 41)])
    await expect(failing).rejects.toMatchObject({ code: '23505' })
    await tx.query('rollback to savepoint here')
    await insert(tx, 50)
  })
  expect(await places()).toEqual([1, 10, 50])
})
