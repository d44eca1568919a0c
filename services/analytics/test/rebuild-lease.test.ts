import { randomUUID } from 'node:crypto'
import { openTestDatabase } from '@boxoffice/service-kit/testing'
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest'
import {
  cancelRebuild,
  findRebuild,
  insertRebuild,
  type LeasedRebuild,
  leaseRebuild,
  listOpenSources,
  putFailure,
  putPage,
} from '../src/rebuilds/rebuild-repository.ts'

let opened: Awaited<ReturnType<typeof openTestDatabase>>
let pool: typeof opened.pool
let db: typeof opened.db
beforeAll(async () => {
  opened = await openTestDatabase(inject('postgresUrl'), 'services/analytics/prisma/migrations')
  ;({ pool, db } = opened)
})
afterAll(() => opened.close())
beforeEach(async () => {
  const { rows } = await pool.query(`select rebuild_id from rebuilds where status = 'RUNNING'`)
  for (const { rebuild_id } of rows) await db.transact((tx) => cancelRebuild(tx, rebuild_id))
})

const begin = (rebuildId: string) => db.transact((tx) => insertRebuild(tx, rebuildId))

test('of many that begin at once one does, and beginning it again is no other', async () => {
  const ids = Array.from({ length: 8 }, () => randomUUID())
  const begun = await Promise.all(ids.map(begin))
  expect(begun.filter(Boolean)).toHaveLength(1)
  const mine = ids[begun.indexOf(true)] ?? ''
  expect(await Promise.all([begin(mine), begin(mine), begin(randomUUID())])).toEqual([true, true, false])
  expect(await findRebuild(db, mine)).toMatchObject({ status: 'RUNNING', sources: [{}, {}, {}] })
  await db.transact((tx) => cancelRebuild(tx, mine))
  expect(await begin(mine)).toBe(true)
  expect(await findRebuild(db, mine)).toMatchObject({ status: 'CANCELLED' })
})

test('after losing its lease a process writes no failure, nor for a source read to its end', async () => {
  const sql = db
  await begin(randomUUID())
  const lost = (await leaseRebuild(sql, randomUUID())) as LeasedRebuild
  await pool.query(
    `update rebuilds set leased_until = clock_timestamp() - interval '1 second' where rebuild_id = $1`,
    [lost.rebuildId],
  )
  const heir = (await leaseRebuild(sql, randomUUID())) as LeasedRebuild
  expect(heir).toMatchObject({ rebuildId: lost.rebuildId })
  const failure = { service: 'tickets', error: 'away', pauseSeconds: 30 } as const
  await putFailure(sql, lost, failure)
  expect(
    (await listOpenSources(sql, heir.rebuildId)).every(({ attempts, isDue }) => attempts === 0 && isDue),
  ).toBe(true)
  await putFailure(sql, heir, failure)
  const failed = (await listOpenSources(sql, heir.rebuildId)).filter(({ isDue }) => !isDue)
  expect(failed).toMatchObject([{ service: 'tickets', attempts: 1 }])
  await putPage(sql, heir.rebuildId, { service: 'tickets', taken: 1, total: 1, nextCursor: null })
  await putFailure(sql, heir, failure)
  expect(await findRebuild(sql, heir.rebuildId)).not.toHaveProperty('lastError')
})
