import { randomUUID } from 'node:crypto'
import { serviceKeys } from '@boxoffice/contracts'
import { withClient } from '@boxoffice/service-kit'
import { inject } from 'vitest'

const asSuperuser = (sql: string) => withClient(inject('postgresUrl'), (client) => client.query(sql))

/**
 * Unique names on the shared server, and an administrator like Aurora's: no superuser, but createdb and
 * createrole.
 */
export async function createAdministrator() {
  const prefix = `t${randomUUID().slice(0, 8)}_`
  const admin = `${prefix}admin`
  await asSuperuser(`create role ${admin} login createdb createrole`)
  const urlAs = (user: string, database: string) => {
    const url = new URL(inject('postgresUrl'))
    url.username = user
    url.pathname = `/${database}`
    return url.href
  }
  return {
    prefix,
    admin,
    urlAs,
    asSuperuser,
    env: {
      DATABASE_ADMIN_URL: urlAs(admin, 'postgres'),
      DATABASE_PREFIX: prefix,
      ...Object.fromEntries(
        serviceKeys.map((key) => [`${key.toUpperCase()}_DATABASE_PASSWORD`, `secret of ${key}'s`]),
      ),
    } as Record<string, string>,
    /** Returns the rows of `sql` as `user` in `database`, both without the prefix. */
    query: async (user: string, database: string, sql: string): Promise<Record<string, unknown>[]> =>
      withClient(urlAs(prefix + user, prefix + database), async (client) => (await client.query(sql)).rows),
    /** Drops what was created. */
    async drop() {
      for (const key of serviceKeys) await asSuperuser(`drop database if exists ${prefix}${key} with (force)`)
      const roles = [...serviceKeys.flatMap((key) => [prefix + key, `${prefix}${key}_owner`]), admin]
      for (const role of roles) await asSuperuser(`drop role if exists ${role}`)
    },
  }
}
export type Administrator = Awaited<ReturnType<typeof createAdministrator>>
