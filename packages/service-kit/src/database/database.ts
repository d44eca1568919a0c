import type pg from 'pg'
import type { Logger } from '../operations/logging.ts'
import { isTransient, isUnavailable, rootCause } from './errors.ts'

/** Runs SQL: the database, where each statement is its own transaction, or an open transaction. */
export interface Sql {
  /** Returns the rows of a statement, by the column names that it gives (`event_id as "eventId"`). */
  query<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<Row[]>
}

/** An open transaction, the first argument of repositories. */
export interface Tx extends Sql {
  /**
   * Runs `effect` after the commit, before `transact` resolves, in order. Errors are logged, as nothing can
   * be undone.
   */
  afterCommit(effect: () => unknown): void
  /** Runs `effect` after a rollback, or if the outcome of the commit is unknown. */
  afterRollback(effect: () => void): void
  /**
   * Runs `work` under a savepoint: if it rejects, or `keep` refuses its result, its writes and effects are
   * undone.
   */
  savepoint<R>(work: () => Promise<R>, keep?: (result: R) => boolean): Promise<R>
}

export interface TransactOptions {
  /** Retries after a transient error (a deadlock, a lock time-out); 0 by default. */
  retries?: number
  /** Further errors to treat as transient, such as a unique violation by a concurrent insert. */
  retryOn?: (error: unknown) => boolean
  /**
   * Also retries after a lost connection, when the transaction may have been committed: for idempotent work.
   */
  retryLost?: boolean
  /** All statements read one snapshot, and none writes. */
  readOnlySnapshot?: boolean
}

/**
 * The entry point to a service's database. `T` is the type of its transactions: see `createPrismaDatabase`.
 */
export interface Database<T extends Tx = Tx> extends Sql {
  /** Runs `work` in one transaction: commits when it resolves, rolls back when it rejects. */
  transact<R>(work: (tx: T) => Promise<R>, options?: TransactOptions): Promise<R>
}

/** Creates a database that runs SQL only, for everything that a buyer waits for. */
export interface SqlDatabase extends Database {
  /**
   * Runs a transaction in two round trips: the statements of `read` travel with `begin`, those of `write`
   * with `commit`. Both send all of their statements before awaiting one.
   */
  transactInTwoTrips<Read, R>(
    read: (tx: Tx) => Promise<Read>,
    write: (tx: Tx, read: Read) => Promise<R>,
    options?: TransactOptions,
  ): Promise<R>
}

export function createDatabase({ pool, logger }: { pool: pg.Pool; logger: Logger }): SqlDatabase {
  const attempts = createAttempts(logger)
  return {
    query: async (text, values) => (await pool.query(text, values as unknown[])).rows,
    transact: (work, options) =>
      attempts(options, (effects) =>
        withClient(pool, async (client) => {
          // Sent with the first statement: if it fails, that fails too.
          client.query(options?.readOnlySnapshot ? BEGIN_SNAPSHOT : 'begin').catch(() => {})
          const result = await work(effects.join(sqlOf(client)))
          await client.query('commit')
          return result
        }),
      ),
    transactInTwoTrips: (read, write, options) =>
      attempts(options, (effects) =>
        withClient(pool, async (client) => {
          const tx = effects.join(sqlOf(client))
          const [, found] = await sideBySide([client.query('begin'), read(tx)])
          const written = write(tx, found)
          // If a statement could not be sent, no commit may follow.
          let isUnsent = false
          written.catch(() => {
            isUnsent = true
          })
          await new Promise(process.nextTick)
          const [result] = await sideBySide([written, isUnsent ? null : client.query('commit')])
          return result
        }),
      ),
  }
}

/** Returns the database with these options as the default of every transaction. */
export const withOptions = (db: SqlDatabase, defaults: TransactOptions): SqlDatabase => ({
  query: db.query,
  transact: (work, options) => db.transact(work, { ...defaults, ...options }),
  transactInTwoTrips: (read, write, options) =>
    db.transactInTwoTrips(read, write, { ...defaults, ...options }),
})

const BEGIN_SNAPSHOT = 'begin isolation level repeatable read read only'

const sqlOf = (client: pg.PoolClient): Sql => ({
  query: async (text, values) => (await client.query(text, values as unknown[])).rows,
})

/** Runs `work` with its own session, and ends any transaction that it leaves open. */
async function withClient<R>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<R>): Promise<R> {
  const client = await pool.connect()
  try {
    const result = await work(client)
    client.release()
    return result
  } catch (error) {
    await client.query('rollback').then(
      () => client.release(),
      (broken: Error) => client.release(broken),
    )
    throw error
  }
}

/** The effects of a transaction. */
export interface Effects {
  /** Creates the transaction whose statements `sql` runs. */
  join(sql: Sql): Tx
}

const RETRY_WAIT_MS = 30

/** Runs transactions: each attempt has its own effects, transient errors are retried. */
export function createAttempts(logger: Logger) {
  async function attemptOnce<R>(open: (effects: Effects) => Promise<R>): Promise<R> {
    const committed: (() => unknown)[] = []
    const rolledBack: (() => void)[] = []
    let result: R
    try {
      result = await open({ join: (sql) => joined(sql, committed, rolledBack) })
    } catch (error) {
      for (const effect of rolledBack) effect()
      throw error
    }
    for (const effect of committed) {
      try {
        const running = effect()
        if (running instanceof Promise) await running
      } catch (error) {
        logger.error({ err: error }, 'effect after a commit failed')
      }
    }
    return result
  }

  return async <R>(options: TransactOptions = {}, open: (effects: Effects) => Promise<R>): Promise<R> => {
    const { retries = 0, retryLost = false, retryOn = () => false } = options
    for (let attempt = 1; ; attempt++) {
      try {
        return await attemptOnce(open)
      } catch (error) {
        const isPassing = retryOn(error) || (isTransient(error) && (retryLost || !isUnavailable(error)))
        if (!isPassing || attempt > retries) throw error
        await new Promise((resolve) =>
          setTimeout(resolve, 2 ** (attempt - 1) * RETRY_WAIT_MS * (0.5 + Math.random())),
        )
      }
    }
  }
}

function joined(sql: Sql, committed: (() => unknown)[], rolledBack: (() => void)[]): Tx {
  const undo = async (kept: number) => {
    await sql.query('rollback to savepoint undoable')
    committed.splice(kept)
  }
  return {
    query: sql.query,
    afterCommit: (effect) => void committed.push(effect),
    afterRollback: (effect) => void rolledBack.push(effect),
    async savepoint(work, keep = () => true) {
      const kept = committed.length
      await sql.query('savepoint undoable')
      try {
        const result = await work()
        if (!keep(result)) await undo(kept)
        return result
      } catch (error) {
        await undo(kept)
        throw error
      }
    },
  }
}

/**
 * Awaits statements that were sent together. After a failure PostgreSQL refuses the rest of the transaction:
 * rejects with the cause once all have completed.
 */
export async function sideBySide<T extends readonly unknown[]>(
  statements: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const settled = await Promise.allSettled(statements)
  const errors = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
  if (errors.length > 0) throw rootCause(errors)
  return settled.map((one) => (one as PromiseFulfilledResult<unknown>).value) as never
}

/** Rejects if the database does not answer: for health. */
export const checkDatabase = (sql: Sql): Promise<unknown> => sql.query('select 1')
