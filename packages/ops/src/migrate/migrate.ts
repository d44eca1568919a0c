import { existsSync } from 'node:fs'
import path from 'node:path'
import { type ServiceKey, serviceKeys } from '@boxoffice/contracts'
import { findPendingMigrations, migrate, type SqlClient, withClient } from '@boxoffice/service-kit'
import type { Config, DatabasesConfig } from '../config.ts'
import { failureOf } from '../failure.ts'
import type { Terminal } from '../terminal.ts'
import { type ConnectionTo, createAdministrator } from './administrator.ts'
import {
  createServiceDatabase,
  grantAccess,
  lookAtDatabase,
  prepareRoles,
  serviceDatabase,
} from './service-database.ts'

const ONE_AT_A_TIME = 72_707_370
/** Beside the bundle in the image; otherwise in the workspace. */
const BUNDLED = path.join(import.meta.dirname, 'migrations')
const WORKSPACE = path.resolve(import.meta.dirname, '../../../../services')

const migrationsOf = (key: ServiceKey) =>
  existsSync(BUNDLED) ? path.join(BUNDLED, key) : path.join(WORKSPACE, key, 'prisma/migrations')

/**
 * Creates missing databases, roles and tables of every service, or with `plan` prints what it would do. Safe
 * to repeat; concurrent runs wait for each other. Returns the exit code: 0 when all is done, 1 after a
 * failure; a failed migration is rolled back, and the databases after it are not touched.
 */
export async function migrateDatabases(
  { databases }: Pick<Config, 'databases'>,
  options: { plan: boolean; folderOf?: (key: ServiceKey) => string },
  terminal: Terminal,
): Promise<0 | 1> {
  const config = databases()
  const connectionTo = createAdministrator(config, (text) => terminal.out(`${text}\n`))
  const work = { config, connectionTo, folderOf: options.folderOf ?? migrationsOf, terminal }
  const step = options.plan ? planDatabase : migrateDatabase
  let at = `the database server at ${new URL(config.adminUrl).host}`
  try {
    const connection = await connectionTo(new URL(config.adminUrl).pathname.slice(1) || 'postgres')
    return await withClient(connection, async (admin) => {
      if (!options.plan) await admin.query('select pg_advisory_lock($1)', [ONE_AT_A_TIME])
      for (const key of serviceKeys) {
        if (terminal.signal.aborted) {
          terminal.error(`stopped before ${key}; run it again to continue\n`)
          return 1
        }
        at = key
        await step(admin, key, work)
      }
      return 0
    })
  } catch (error) {
    terminal.error(`${at}: ${failureOf(error)}\n`)
    return 1
  }
}

interface Work {
  config: DatabasesConfig
  connectionTo: ConnectionTo
  folderOf: (key: ServiceKey) => string
  terminal: Terminal
}

async function migrateDatabase(
  admin: SqlClient,
  key: ServiceKey,
  { config, connectionTo, folderOf, terminal }: Work,
): Promise<void> {
  const database = serviceDatabase(key, config.prefix)
  const say = (text: string) => terminal.out(`${key}: ${text}\n`)
  await prepareRoles(admin, database, config.passwords[key] ?? null)
  if (await createServiceDatabase(admin, database))
    say(`database ${database.name} created for role ${database.login}`)
  const connection = await connectionTo(database.name)
  await withClient(connection, (client) => grantAccess(client, database))
  const applied = await migrate(connection, folderOf(key), {
    role: database.owner,
    onApplied: (name) => say(`${name} applied`),
  })
  say(applied.length === 0 ? 'up to date' : `up to date, ${applied.length} applied`)
}

async function planDatabase(
  admin: SqlClient,
  key: ServiceKey,
  { config, connectionTo, folderOf, terminal }: Work,
): Promise<void> {
  const database = serviceDatabase(key, config.prefix)
  const say = (text: string) => terminal.out(`${key}: ${text}\n`)
  const { there } = await lookAtDatabase(admin, database)
  if (!there) return say(`would create database ${database.name} and its roles, and apply every migration`)
  const pending = await findPendingMigrations(
    await connectionTo(database.name),
    folderOf(key),
    database.owner,
  )
  for (const name of pending) say(`would apply ${name}`)
  if (pending.length === 0) say('up to date')
}
