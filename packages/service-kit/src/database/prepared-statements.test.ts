import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { createLogger } from '../operations/logging.ts'
import { createDatabase, type SqlDatabase } from './database.ts'
import { createPool } from './pool.ts'
import { createNaming, prepareStatements } from './prepared-statements.ts'

const ONE_SESSION = { max: 1, application_name: 'prepared' }
const logger = createLogger({ service: 'test', level: 'silent' })
let pool: pg.Pool
let db: SqlDatabase
beforeAll(() => {
  pool = createPool({
    databaseUrl: inject('postgresUrl'),
    login: 'password',
    max: 1,
    logger,
    name: 'prepared',
  })
  db = createDatabase({ pool, logger })
})
afterAll(() => pool.end())

/** Lists what the pool's only session has prepared. */
async function preparedIn(sessions: pg.Pool): Promise<string[]> {
  const { rows } = await sessions.query('select statement from pg_prepared_statements')
  return rows.map((row) => row.statement)
}

describe('a session', () => {
  test('prepares repeated statements of every caller, and none with a varying text', async () => {
    const again = 'select $1::int + 1 as next'
    for (const value of [1, 2, 3])
      expect((await pool.query(again, [value])).rows).toEqual([{ next: value + 1 }])
    await db.transact(async (tx) => {
      expect(await tx.query(again, [4])).toEqual([{ next: 5 }])
      for (const value of [1, 2, 3]) await tx.query(`select ${value} + $1::int`, [value])
    })
    const asArrays = { text: 'select $1::text as said', rowMode: 'array' as const, values: ['a'] }
    for (let times = 0; times < 3; times++) expect((await pool.query(asArrays)).rows).toEqual([['a']])
    expect((await preparedIn(pool)).sort()).toEqual([again, asArrays.text])
  })

  test('continues after a prepared statement failed', async () => {
    const divide = 'select 1 / $1::int as part'
    const attempts = await Promise.allSettled(
      [0, 0, 1, 0, 1].map((by) =>
        db.transact(async (tx) => (await tx.query<{ part: number }>(divide, [by]))[0]?.part),
      ),
    )
    expect(
      attempts.map((attempt) => (attempt.status === 'fulfilled' ? attempt.value : attempt.reason.code)),
    ).toEqual(['22012', '22012', 1, '22012', 1])
  })

  test('plans again after a while, so that a plan for an empty table does not outlive it', async () => {
    let now = 0
    const sessions = new pg.Pool({ ...ONE_SESSION, connectionString: inject('postgresUrl'), pipeline: true })
    prepareStatements(sessions, { now: () => now })
    const find = 'select place from growing where place = $1'
    await sessions.query(`set plan_cache_mode = force_generic_plan;
      create temporary table growing (place int primary key);
      insert into growing values (1); analyze growing`)
    for (let times = 0; times < 3; times++) await sessions.query(find, [1])
    const { rows } = await sessions.query('select name from pg_prepared_statements')
    const planOf = async () =>
      (await sessions.query(`explain execute ${rows[0].name} (1)`)).rows
        .map((row) => row['QUERY PLAN'])
        .join('\n')
    await sessions.query('insert into growing select generate_series(2, 20000)')
    expect(await planOf()).toContain('Seq Scan')
    now += 10_000
    expect(await planOf()).toContain('Index')
    await sessions.end()
  })
})

test('names a text when it comes again, but not one with every column, nor more than 256', () => {
  const nameOf = createNaming()
  const twice = (text: string) => [nameOf(text), nameOf(text)]
  expect(twice('select a from t where a = $1')).toEqual([
    undefined,
    expect.stringMatching(/^s_[0-9a-f]{16}$/),
  ])
  expect(nameOf('select a from t where a = $1')).toBe(nameOf('select a from t where a = $1'))
  for (const text of ['select * from t', 'insert into t values ($1) returning *', 'select t.* from t']) {
    expect(twice(text)).toEqual([undefined, undefined])
  }
  expect(twice('select count(*) from t')[1]).toBeDefined()
  for (let made = 2; made < 256; made++) expect(twice(`select ${made}`)[1]).toBeDefined()
  expect(twice('select 257')).toEqual([undefined, undefined])
})
