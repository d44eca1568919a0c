import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openDatabase } from './database.ts'

test('a throwing write of a group is rolled back, and the others are committed', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'sandbox-database-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const database = openDatabase(path.join(folder, 'sandbox.db'))
  onTestFinished(() => database.close())
  const insert = (id: string, body = '{}') =>
    database.groupCommit((tx) => {
      tx.run(
        'insert into stripe_events (id, body) values (?, ?)',
        id,
        JSON.stringify({ type: 'x', created: 1 }),
      )
      if (body === 'bad') throw new Error('never mind')
      return id
    })
  const outcomes = await Promise.allSettled([insert('a'), insert('b', 'bad'), insert('a'), insert('c')])
  expect(outcomes).toMatchObject([
    { value: 'a' },
    { reason: { message: 'never mind' } },
    { reason: { message: expect.stringContaining('UNIQUE') } },
    { value: 'c' },
  ])
  expect(database.read.all('select id from stripe_events order by id')).toEqual([{ id: 'a' }, { id: 'c' }])
})

test('when an error of SQLite ends the transaction, all calls in it fail; the next succeeds', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'sandbox-database-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const database = openDatabase(path.join(folder, 'sandbox.db'))
  onTestFinished(() => database.close())
  const insert = (id: string, conflict: 'abort' | 'rollback' = 'abort') =>
    database.groupCommit((tx) =>
      tx.run(
        `insert or ${conflict} into stripe_events (id, body) values (?, ?)`,
        id,
        '{"type":"x","created":1}',
      ),
    )
  await insert('a')
  const outcomes = await Promise.allSettled([insert('b'), insert('a', 'rollback'), insert('c')])
  const reason = { message: expect.stringContaining('UNIQUE') }
  expect(outcomes).toMatchObject([{ reason }, { reason }, { reason }])
  await insert('d')
  expect(database.read.all('select id from stripe_events order by id')).toEqual([{ id: 'a' }, { id: 'd' }])
})

test('no temporary file is needed: a container may have no folder for them', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'sandbox-database-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const database = openDatabase(path.join(folder, 'sandbox.db'))
  onTestFinished(() => database.close())
  // https://sqlite.org/pragma.html#pragma_temp_store
  expect(database.read.get('pragma temp_store')).toEqual({ temp_store: 2 })
})
