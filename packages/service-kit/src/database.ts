import pg from 'pg'
import type { Logger } from './logging.ts'

pg.types.setTypeParser(pg.types.builtins.INT8, Number) // amounts and counts stay far below 2^53

/**
 * A pool whose sessions cannot hang: a paused process must not hold a row (`idle_in_transaction_session_timeout` 10 s,
 * `lock_timeout` 3 s, `statement_timeout` 10 s), and waiting for a connection ends after 3 s.
 */
export function createPool(options: { databaseUrl: string; max: number; logger: Logger; name: string }): pg.Pool {
  const pool = new pg.Pool({
    connectionString: options.databaseUrl,
    max: options.max,
    connectionTimeoutMillis: 3_000,
    application_name: options.name,
    keepAlive: true,
    idle_in_transaction_session_timeout: 10_000,
    lock_timeout: 3_000,
    statement_timeout: 10_000,
  })
  // An idle connection that breaks is replaced on the next use.
  pool.on('error', (error) => options.logger.warn({ err: error }, 'a database connection broke'))
  return pool
}
