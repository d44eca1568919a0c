import type pg from 'pg'
import type { Logger } from '../operations/logging.ts'
import { isTransient, isUnavailable, rootCause } from './errors.ts'

/** Runs SQL: the database itself, each statement its own transaction, or a transaction that is open. */
export interface Sql {
  /** The rows of a statement; a column has the name that the statement gives it (`event_id as "eventId"`). */
  query<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<Row[]>
}

/** An open transaction. Repositories take it first. */
export interface Tx extends Sql {
  /**
   * Run `effect` once this is committed, before `transact` resolves, in order. What it throws is logged, as
   * nothing can be undone.
   */
  afterCommit(effect: () => unknown): void
  /** Run `effect` once this is rolled back, or when no one knows whether it was committed. */
  afterRollback(effect: () => void): void
  /**
   * Run `work` under a savepoint: where it rejects, or `keep` refuses its result, all that it did is undone,
   * effects included.
   */
  savepoint<R>(work: () => Promise<R>, keep?: (result: R) => boolean): Promise<R>
}

export interface TransactOptions {
  /** How often it is tried again after a transient error (a deadlock, a lock time-out): 0 where not given. */
  retries?: number
  /** Other errors that are transient here, such as a unique violation by which another was faster. */
  retryOn?: (error: unknown) => boolean
  /**
   * Try again also when the connection is lost, where it may have been committed: for work that is
   * idempotent.
   */
  retryLost?: boolean
  /** All statements see the database as it stands now, and write nothing. */
  readOnlySnapshot?: boolean
}

/** The one door to a service's database. `T` is what its transactions are: see `createPrismaDatabase`. */
export interface Database<T extends Tx = Tx> extends Sql {
  /** Run `work` in one transaction: commits when it resolves, rolls back when it rejects. */
  transact<R>(work: (tx: T) => Promise<R>, options?: TransactOptions): Promise<R>
}

/** A database of SQL alone, for what a buyer waits on. */
export interface SqlDatabase extends Database {
  /**
   * A transaction in two round trips: the statements of `read` travel right behind `begin`, those of `write`
   * together with `commit`. Each sends all of its statements before it waits for one.
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
          // Where a statement could not even be sent there must be no commit behind the others.
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

/** The same database with these options for every transaction that has none of its own. */
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

/** A session of its own for `work`, which leaves no transaction open in it. */
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

/** What follows from a transaction. */
export interface Effects {
  /** The transaction whose statements `sql` runs. */
  join(sql: Sql): Tx
}

const RETRY_WAIT_MS = 30

/** Runs transactions: each attempt with effects of its own, again after a transient error. */
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
 * The answers of statements that were sent without waiting for each other. After one has failed PostgreSQL
 * refuses the rest of the transaction: rejects with the cause, when all have been answered.
 */
export async function sideBySide<T extends readonly unknown[]>(
  statements: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const settled = await Promise.allSettled(statements)
  const errors = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
  if (errors.length > 0) throw rootCause(errors)
  return settled.map((one) => (one as PromiseFulfilledResult<unknown>).value) as never
}

/** Rejects where the database does not answer: for health. */
export const checkDatabase = (sql: Sql): Promise<unknown> => sql.query('select 1')
