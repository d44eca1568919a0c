import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { ensureDatabase } from '@boxoffice/service-kit'
import { createTestDatabase } from '@boxoffice/service-kit/testing'
import pg from 'pg'
import { expect, inject, test } from 'vitest'
import { sqlOfSchema } from './schema-engine.ts'

const root = path.join(import.meta.dirname, '..')

/**
 * The parts of a database schema that Prisma can also express: columns with types, keys, references and index
 * names.
 */
async function describeDatabase(connectionString: string) {
  const client = new pg.Client({ connectionString })
  await client.connect()
  const read = async (sql: string) => (await client.query<{ line: string }>(sql)).rows.map(({ line }) => line)
  const columns = await read(`
    select c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) ||
      case when a.attnotnull then ' not null' else '' end as line
    from pg_attribute a join pg_class c on c.oid = a.attrelid
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
      and c.relname <> '_prisma_migrations' and a.attgenerated = '' order by 1`)
  const constraints = await read(`
    select conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) as line from pg_constraint
    where connamespace = 'public'::regnamespace and contype in ('p', 'f')
      and conrelid::regclass::text <> '_prisma_migrations' order by 1`)
  const indexes = await read(`
    select tablename || ' ' || indexname as line from pg_indexes where schemaname = 'public'
      and tablename <> '_prisma_migrations' order by 1`)
  const unvalidated = await read(
    `select conrelid::regclass || ' ' || conname as line from pg_constraint where not convalidated`,
  )
  await client.end()
  return { columns, constraints, indexes, unvalidated }
}

test.each(['auth', 'events', 'tickets', 'payments', 'notifications', 'analytics'])(
  '%s: the Prisma schema says what the migrations make',
  async (service) => {
    const folder = path.join(root, 'services', service, 'prisma')
    const server = inject('postgresUrl')
    const url = new URL(server)
    url.pathname = `/test_schema_${randomUUID().replaceAll('-', '')}`
    await ensureDatabase(url.href)
    const client = new pg.Client({ connectionString: url.href })
    await client.connect()
    await client.query(await sqlOfSchema(path.join(folder, 'schema.prisma'), server))
    await client.end()

    const said = await describeDatabase(url.href)
    const made = await describeDatabase(await createTestDatabase(server, path.join(folder, 'migrations')))
    // Generated columns exist only in migrations, and a list is never `not null` in a Prisma schema.
    const columnsOf = (lines: string[]) =>
      lines
        .filter((line) => !line.startsWith('events.search'))
        .map((line) => line.replace('[] not null', '[]'))
    expect(columnsOf(said.columns)).toEqual(columnsOf(made.columns))
    expect(said.constraints.map((line) => line.replace(' ON UPDATE CASCADE ON DELETE RESTRICT', ''))).toEqual(
      made.constraints,
    )
    // Constraints added as `not valid` are validated by a later migration, unless the previous check was
    // stricter.
    const isWidened = (line: string) => line.endsWith(' seating_plan_versions_seat_count_in_range')
    expect(made.unvalidated.filter((line) => !isWidened(line))).toEqual([])
    // Prisma cannot express partial indexes: every index in the schema must exist, but not the other way
    // round.
    expect(said.indexes.filter((index) => !made.indexes.includes(index))).toEqual([])
  },
)
