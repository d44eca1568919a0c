import { openTestDatabase } from '@boxoffice/service-kit/testing'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { makeHistory } from '../../test/history.ts'
import { type Emptied, emptyRetired } from './emptying-repository.ts'
import { nothingTouched, project } from './project.ts'

let opened: Awaited<ReturnType<typeof openTestDatabase>>
let pool: typeof opened.pool
let db: typeof opened.db
beforeAll(async () => {
  opened = await openTestDatabase(inject('postgresUrl'), 'services/analytics/prisma/migrations')
  ;({ pool, db } = opened)
})
afterAll(() => opened.close())

const tables = [
  ...['events', 'ticket_types', 'reservations', 'orders', 'tickets', 'refunds', 'payments'],
  ...['sales_hours', 'refund_hours', 'payment_totals', 'event_totals'],
]
async function rowsOf(generation: number): Promise<Record<string, number>> {
  const counted: Record<string, number> = {}
  for (const table of tables) {
    const { rows } = await pool.query(`select count(*)::int as n from ${table} where generation = $1`, [
      generation,
    ])
    counted[table] = rows[0].n
  }
  return counted
}

test('retired rows go batch by batch, each from where the last one ended, and no others', async () => {
  const history = makeHistory(31, 20)
  for (const generation of [1, 2, 3])
    await db.transact((tx) => project(tx, [generation], history, nothingTouched()))
  await pool.query(`insert into generations (generation, state) values (2, 'RETIRED'), (3, 'RETIRED')`)
  const before = await rowsOf(1)
  expect(Object.values(before).every((rows) => rows > 0)).toBe(true)
  const empty = (batch: number, from: Emptied | null) =>
    db.transact((tx) => emptyRetired(tx, { keptSeconds: 0, batch, from }))
  const seen: Emptied[] = []
  for (let from = await empty(7, null); from; from = await empty(7, from)) {
    seen.push(from)
    const ended = seen.flatMap(({ generation, table, after }) =>
      generation === from?.generation && table === 0 && after
        ? [(after as { ticket_id: string }).ticket_id]
        : [],
    )
    expect(ended).toEqual([...new Set(ended)].toSorted())
    if (from.table > 0) continue
    expect((await rowsOf(from.generation)).tickets).toBe(
      Math.max(0, (before.tickets ?? 0) - 7 * ended.length),
    )
  }
  expect(new Set(seen.map(({ generation }) => generation))).toEqual(new Set([2, 3]))
  for (const generation of [2, 3])
    expect(Object.values(await rowsOf(generation)).every((rows) => rows === 0)).toBe(true)
  expect(await rowsOf(1)).toEqual(before)
  const { rows } = await pool.query(
    'select generation from generations where emptied_at is not null order by generation',
  )
  expect(rows).toEqual([{ generation: 2 }, { generation: 3 }])
})
