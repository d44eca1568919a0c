import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { migrate, withClient } from '@boxoffice/service-kit'
import { createTestDatabase } from '@boxoffice/service-kit/testing'
import { until } from '@boxoffice/testing'
import { afterAll, expect, inject, test } from 'vitest'

const migrations = path.join(import.meta.dirname, '../prisma/migrations')
const folder = mkdtempSync(path.join(tmpdir(), 'boxoffice-migrations-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A database as the version before this migration left it. */
async function databaseBefore(migration: string): Promise<string> {
  const earlier = readdirSync(migrations).filter((name) => name < migration)
  for (const name of earlier)
    cpSync(path.join(migrations, name), path.join(folder, name), { recursive: true })
  return createTestDatabase(inject('postgresUrl'), folder)
}

test('reservations do not wait for check-ins while the migration for their messages runs', async () => {
  const database = await databaseBefore('20261126080000_told')
  await withClient(database, async (door) => {
    await door.query('begin')
    await door.query('lock table check_ins in row exclusive mode') // a check-in in progress
    const migrating = migrate(database, migrations)
    await withClient(database, async (buyer) => {
      const waiting = `select count(*)::int as count from pg_locks where relation = 'check_ins'::regclass
          and not granted`
      await until(async () => expect((await buyer.query(waiting)).rows).toEqual([{ count: 1 }]))
      await buyer.query("set lock_timeout = '500ms'")
      expect((await buyer.query('select from ticket_types')).rowCount).toBe(0)
    })
    await door.query('commit')
    expect(await migrating).toContain('20261126080300_told_indexes')
  })
})
