import type { ServiceKey } from '@boxoffice/contracts'
import type { SqlClient } from '@boxoffice/service-kit'

/** The database of a service and its two roles. */
export interface ServiceDatabase {
  readonly name: string
  /** Owns the database and everything in it; cannot log in. Migrations run as this role. */
  readonly owner: string
  /** The service logs in as this role: it reads and writes rows, and cannot change tables. */
  readonly login: string
}

/** How a service logs in: with a password, or (null) by IAM. */
export type Password = string | null

export const serviceDatabase = (key: ServiceKey, prefix: string): ServiceDatabase => ({
  name: prefix + key,
  owner: `${prefix}${key}_owner`,
  login: prefix + key,
})

const IAM_ROLE = 'rds_iam'

/** What exists of a service's database at the start. */
export async function lookAtDatabase(client: SqlClient, { name, owner }: ServiceDatabase) {
  const { rows } = await client.query<{ database: boolean; owner: boolean }>(
    `select exists (select from pg_database where datname = $1) as database,
       exists (select from pg_roles where rolname = $2 and pg_has_role(oid, 'set')) as owner`,
    [name, owner],
  )
  return { there: rows.some((row) => row.database && row.owner) }
}

/**
 * Creates missing roles and lets the service log in; runs in the server's own database. The administrator may
 * act as the owner only. A role's creator is a member of it since PostgreSQL 16 and may grant it, but neither
 * inherits from it nor becomes it; nothing more is granted of the login role, which with `iam` is in
 * `rds_iam`. If Amazon's server still counts the administrator as a member of `rds_iam` and refuses the
 * password, `orByToken` logs in. https://www.postgresql.org/docs/17/sql-createrole.html
 */
export async function prepareRoles(
  client: SqlClient,
  { owner, login }: ServiceDatabase,
  password: Password,
): Promise<void> {
  const [ownerName, loginName] = [client.escapeIdentifier(owner), client.escapeIdentifier(login)]
  await createRole(client, owner, 'nologin')
  await client.query(`grant ${ownerName} to current_user`)
  await createRole(client, login, 'login')
  if (password === null) await client.query(`grant ${IAM_ROLE} to ${loginName}`)
  else await client.query(`alter role ${loginName} login password ${client.escapeLiteral(password)}`)
}

/** Creates a missing database; runs in the server's own database. Returns whether it was created. */
export async function createServiceDatabase(
  client: SqlClient,
  { name, owner }: ServiceDatabase,
): Promise<boolean> {
  const { rowCount } = await client.query('select from pg_database where datname = $1', [name])
  if (rowCount !== 0) return false
  await client.query(
    `create database ${client.escapeIdentifier(name)} owner ${client.escapeIdentifier(owner)}`,
  )
  return true
}

/**
 * Sets the privileges: only the service may connect, and it may read and write whatever migrations create
 * from now on. Runs in the database itself before any migration, so that no table exists without its grants.
 */
export async function grantAccess(client: SqlClient, { name, owner, login }: ServiceDatabase): Promise<void> {
  const [database, role] = [client.escapeIdentifier(name), client.escapeIdentifier(login)]
  await client.query('begin')
  await client.query(`set local role ${client.escapeIdentifier(owner)}`)
  await client.query(`revoke all on database ${database} from public`)
  await client.query(`grant connect on database ${database} to ${role}`)
  await client.query('revoke all on schema public from public')
  await client.query(`grant usage on schema public to ${role}`)
  await client.query(
    `alter default privileges in schema public grant select, insert, update, delete on tables to ${role}`,
  )
  await client.query(`alter default privileges in schema public grant usage, select on sequences to ${role}`)
  await client.query('commit')
}

async function createRole(client: SqlClient, name: string, attribute: 'login' | 'nologin'): Promise<void> {
  const { rowCount } = await client.query('select from pg_roles where rolname = $1', [name])
  if (rowCount === 0) await client.query(`create role ${client.escapeIdentifier(name)} ${attribute}`)
}
