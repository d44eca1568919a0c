import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type ServiceKey, serviceKeys } from '@boxoffice/contracts'
import { adminConnection, adminTokenConnection, withClient } from '@boxoffice/service-kit'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { loadConfig } from '../src/config.ts'
import { orByToken } from '../src/migrate/administrator.ts'
import { migrateDatabases } from '../src/migrate/migrate.ts'
import { prepareRoles, serviceDatabase } from '../src/migrate/service-database.ts'
import { type Administrator, createAdministrator } from './databases.ts'
import { boxoffice } from './system.ts'

const MESSAGING = '20261121080000_messaging'
const upToDate = (lines: string) => lines.match(/^\w+: up to date/gm)?.length

describe('a migrated server', () => {
  let server: Administrator
  let first: Awaited<ReturnType<typeof boxoffice>>
  beforeAll(async () => {
    server = await createAdministrator()
    first = await boxoffice(server.env, 'migrate')
  })
  afterAll(() => server.drop())

  test('has every database, created by an administrator who is no superuser', () => {
    expect(first).toMatchObject({ exitCode: 0, error: '' })
    expect(upToDate(first.out)).toBe(serviceKeys.length)
    expect(first.out).toContain(
      `auth: database ${server.prefix}auth created for role ${server.prefix}auth\nauth: ${MESSAGING} applied`,
    )
  })

  test('is unchanged the second time', async () => {
    const expected = serviceKeys.map((key) => `${key}: up to date\n`).join('')
    expect(await boxoffice(server.env, 'migrate')).toEqual({ exitCode: 0, out: expected, error: '' })
    expect(await boxoffice(server.env, 'migrate', '--plan')).toEqual({
      exitCode: 0,
      out: expected,
      error: '',
    })
  })

  test('belongs to roles that cannot log in', async () => {
    const owners = await server.query(
      'auth',
      'auth',
      "select distinct tableowner from pg_tables where schemaname = 'public'",
    )
    expect(owners).toEqual([{ tableowner: `${server.prefix}auth_owner` }])
    await expect(server.query('auth_owner', 'auth', 'select 1')).rejects.toThrow('is not permitted to log in')
  })

  test("gives a service access to its rows, and not to its tables' definitions", async () => {
    const asAuth = (sql: string) => server.query('auth', 'auth', sql)
    expect(await asAuth('select count(*)::int as count from users')).toEqual([{ count: 0 }])
    await expect(asAuth('create table mine (id int)')).rejects.toThrow('permission denied for schema public')
    await expect(asAuth('alter table users add column mine int')).rejects.toThrow(
      'must be owner of table users',
    )
    await expect(asAuth('drop table users')).rejects.toThrow('must be owner of table users')
  })

  test('keeps a service out of the databases of others', async () => {
    await expect(server.query('events', 'auth', 'select 1')).rejects.toThrow('permission denied for database')
    const open = await server.asSuperuser(
      `select datname from pg_database where datname like '${server.prefix}%'
         and has_database_privilege('public', oid, 'connect')`,
    )
    expect(open.rows).toEqual([])
  })

  test('has a password for each, hashed, even one with a quote', async () => {
    const { rows } = await server.asSuperuser(
      `select count(*)::int as count from pg_authid where rolname like '${server.prefix}%'
         and rolpassword like 'SCRAM-SHA-256$%'`,
    )
    expect(rows).toEqual([{ count: serviceKeys.length }])
  })
})

describe('migrating', () => {
  let server: Administrator
  let folder: string
  beforeEach(async () => {
    server = await createAdministrator()
    folder = await mkdtemp(path.join(tmpdir(), 'boxoffice-migrations-'))
  })
  afterEach(async () => {
    await server.drop()
    await rm(folder, { recursive: true })
  })

  /** `migrate` with test migrations: for each service these, by name. */
  async function migrateWith(migrations: Partial<Record<ServiceKey, Record<string, string>>>, plan = false) {
    for (const key of serviceKeys) {
      await mkdir(path.join(folder, key), { recursive: true })
      for (const [name, sql] of Object.entries(migrations[key] ?? {})) {
        await mkdir(path.join(folder, key, name), { recursive: true })
        await writeFile(path.join(folder, key, name, 'migration.sql'), sql)
      }
    }
    const written = { out: '', error: '' }
    const exitCode = await migrateDatabases(
      loadConfig(server.env, 'no such folder'),
      { plan, folderOf: (key) => path.join(folder, key) },
      {
        out: (text) => {
          written.out += text
        },
        error: (text) => {
          written.error += text
        },
        progress: () => ({ at: () => {}, end: () => {} }),
        signal: new AbortController().signal,
        colours: false,
        live: false,
        folder,
        now: () => new Date(),
        wait: async () => {},
      },
    )
    return { exitCode, ...written }
  }
  const databases = async () =>
    (await server.asSuperuser(`select datname from pg_database where datname like '${server.prefix}%'`)).rows

  test('is planned without changes', async () => {
    const { exitCode, out } = await boxoffice(server.env, 'migrate', '--plan')
    expect(exitCode).toBe(0)
    expect(out.match(/would create database .* and its roles, and apply every migration/g)).toHaveLength(
      serviceKeys.length,
    )
    expect(await databases()).toEqual([])
  })

  test('plans only what is new', async () => {
    await migrateWith({ auth: { '1_begin': 'create table seats (id int)' } })
    const { out } = await migrateWith({ auth: { '2_more': 'alter table seats add column row int' } }, true)
    expect(out).toMatch(/^auth: would apply 2_more\nevents: up to date\n/)
    expect(await server.query('auth', 'auth', 'select * from seats')).toEqual([])
    expect(
      await server.query('auth', 'auth', "select from information_schema.columns where column_name = 'row'"),
    ).toEqual([])
  })

  test('gives a service access to the rows and the sequence of a new table', async () => {
    await migrateWith({ auth: { '1_begin': 'create table seats (id bigserial primary key, label text)' } })
    const asAuth = (sql: string) => server.query('auth', 'auth', sql)
    await asAuth("insert into seats (label) values ('A'), ('B')")
    await asAuth("update seats set label = 'C' where id = 1")
    await asAuth('delete from seats where id = 2')
    expect(await asAuth('select label from seats for update')).toEqual([{ label: 'C' }])
    await expect(asAuth('truncate seats')).rejects.toThrow('permission denied')
  })

  test('rolls back a migration that fails, names it, and stops', async () => {
    const failing = 'create table half (id int); insert into half values (1); insert into nowhere values (1)'
    const broken = await migrateWith({
      auth: { '1_begin': 'create table seats (id int)', '2_half': failing },
    })
    expect(broken.exitCode).toBe(1)
    expect(broken.error).toBe('auth: migration 2_half: relation "nowhere" does not exist\n')
    expect(
      await server.query(
        'auth',
        'auth',
        "select tablename from pg_tables where tablename in ('seats', 'half')",
      ),
    ).toEqual([{ tablename: 'seats' }])
    expect(await databases()).toEqual([{ datname: `${server.prefix}auth` }])

    const mended = await migrateWith({ auth: { '2_half': 'create table half (id int)' } })
    expect(mended).toMatchObject({ exitCode: 0, error: '' })
    expect(mended.out).toContain('auth: 2_half applied\nauth: up to date, 1 applied\n')
  })

  test('refuses a migration that was edited after it was applied', async () => {
    await migrateWith({ auth: { '1_begin': 'create table seats (id int)' } })
    const { exitCode, error } = await migrateWith({ auth: { '1_begin': 'create table seats (id bigint)' } })
    expect(exitCode).toBe(1)
    expect(error).toContain('migration 1_begin was edited after it was applied')
  })

  test('waits when two run at once', async () => {
    const both = await Promise.all([boxoffice(server.env, 'migrate'), boxoffice(server.env, 'migrate')])
    expect(both.map(({ exitCode, error }) => ({ exitCode, error }))).toEqual(
      Array(2).fill({ exitCode: 0, error: '' }),
    )
    const applied = both.filter(({ out }) => out.includes(`auth: ${MESSAGING} applied`))
    expect(applied).toHaveLength(1)
  })

  test('by IAM sets no password; the administrator may use neither a login role nor rds_iam', async () => {
    const database = serviceDatabase('auth', server.prefix)
    const iam = `do $$ begin if to_regrole('rds_iam') is null then create role rds_iam; end if; end $$`
    await server.asSuperuser(iam)
    await server.asSuperuser(`grant rds_iam to ${server.admin} with admin true, inherit false, set false`)
    await withClient(server.env.DATABASE_ADMIN_URL ?? '', (client) => prepareRoles(client, database, null))
    const { rows } = await server.asSuperuser(
      `select pg_has_role('${database.login}', 'rds_iam', 'usage') as login,
         pg_has_role('${database.owner}', 'rds_iam', 'member') as owner,
         pg_has_role('${server.admin}', '${database.owner}', 'set') as acts,
         array[pg_has_role('${server.admin}', '${database.login}', 'usage'),
           pg_has_role('${server.admin}', '${database.login}', 'set'),
           pg_has_role('${server.admin}', 'rds_iam', 'usage'),
           pg_has_role('${server.admin}', 'rds_iam', 'set')] as uses,
         (select rolpassword from pg_authid where rolname = '${database.login}') as password`,
    )
    expect(rows).toEqual([
      { login: true, owner: false, acts: true, uses: [false, false, false, false], password: null },
    ])
  })
})

test('with IAM the server must show a certificate of Amazon, without it the URL decides', () => {
  const url = 'postgres://admin@db.example.test:5432/postgres'
  const options = { database: 'auth', password: 'p@ss/word' }
  expect(adminConnection(url, { ...options, login: 'iam' })).toMatchObject({
    connectionString: 'postgres://admin:p%40ss%2Fword@db.example.test:5432/auth',
    ssl: {
      rejectUnauthorized: true,
      ca: expect.arrayContaining([expect.stringContaining('BEGIN CERTIFICATE')]),
    },
  })
  expect(adminConnection(url, { ...options, login: 'password' })).not.toHaveProperty('ssl')
})

describe('an administrator with IAM', () => {
  let server: Administrator
  beforeAll(async () => {
    server = await createAdministrator()
  })
  afterAll(() => server.drop())
  const said: string[] = []
  /**
   * Without Amazon's server: a role that may not log in is refused with the same code (28000) as a password
   * that PAM refuses.
   */
  const login = (passwordOf: string) =>
    orByToken({
      byPassword: (database) => server.urlAs(passwordOf, database),
      byToken: (database) => ({
        connectionString: server.urlAs(server.admin, database),
        application_name: 'by token',
      }),
      say: (text) => void said.push(text),
    })

  test('uses a password that is accepted', async () => {
    expect(await login(server.admin)('postgres')).toBe(server.urlAs(server.admin, 'postgres'))
    expect(said).toEqual([])
  })
  test('continues with a token if the password is refused halfway, and says so once', async () => {
    const refused = `${server.prefix}refused`
    await server.asSuperuser(`create role ${refused} login`)
    const connectionTo = login(refused)
    expect(await connectionTo('postgres')).toBe(server.urlAs(refused, 'postgres'))
    await server.asSuperuser(`alter role ${refused} nologin`)
    for (let count = 0; count < 2; count++) {
      const { rows } = await withClient(await connectionTo('postgres'), (client) =>
        client.query(`select current_user as name, current_setting('application_name') as how`),
      )
      expect(rows).toEqual([{ name: server.admin, how: 'by token' }])
    }
    expect(said).toEqual(["the administrator's password was refused, trying an IAM token"])
    await server.asSuperuser(`drop role ${refused}`)
  })
  test('reports any other error', async () => {
    await expect(login(server.admin)('nowhere')).rejects.toMatchObject({ code: '3D000' })
  })
  test('requests a token for its own name and the right database, from Amazon’s server only', async () => {
    const { password, ...rest } = adminTokenConnection(
      'postgres://admin:old@db.example.test:5432/postgres',
      'auth',
    )
    expect(rest).toMatchObject({
      host: 'db.example.test',
      user: 'admin',
      database: 'auth',
      ssl: { rejectUnauthorized: true },
    })
    expect(rest).not.toHaveProperty('connectionString')
    expect(password).toBeTypeOf('function')
  })
})

describe('errors', () => {
  const DATABASE_ADMIN_URL = 'postgres://admin@127.0.0.1:1/postgres'
  test('a missing variable is reported with exit code 2', async () => {
    const nothing = await boxoffice({}, 'migrate')
    expect(nothing).toMatchObject({
      exitCode: 2,
      out: '',
      error: expect.stringContaining('DATABASE_ADMIN_URL'),
    })
    const passwords = await boxoffice({ DATABASE_ADMIN_URL }, 'migrate')
    expect(passwords).toMatchObject({
      exitCode: 2,
      error: expect.stringContaining('NOTIFICATIONS_DATABASE_PASSWORD'),
    })
  })
  test('an unavailable server is reported with exit code 1', async () => {
    const { exitCode, error } = await boxoffice({ DATABASE_ADMIN_URL, DATABASE_LOGIN: 'iam' }, 'migrate')
    expect({ exitCode, error }).toEqual({
      exitCode: 1,
      error: 'the database server at 127.0.0.1:1: connection refused\n',
    })
  })
})
