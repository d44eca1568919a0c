import type pg from 'pg'

/**
 * The transaction as our own SQL sees it (outbox, inbox, journal): whoever opened it, the same statements take part in it.
 * Answers differ in bigint and numeric only (Prisma parses them), so shared SQL returns text, uuid, int, jsonb, timestamptz.
 */
export interface Tx {
  query<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<Row[]>
}

/** Opens a transaction, runs `work` in it, commits; rolls back and rejects when `work` does. */
export type Transact = <T>(work: (tx: Tx) => Promise<T>) => Promise<T>

/** Run `work` in one transaction of the pool: the way for the paths that every buyer waits on. */
export async function transact<T>(pool: pg.Pool, work: (tx: Tx) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  try {
    // Sent with the first statement: if it fails, that fails too.
    client.query('begin').catch(() => {})
    const result = await work({ query: async (text, values) => (await client.query(text, values as unknown[])).rows })
    await client.query('commit')
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

/**
 * The answers of statements that were sent without waiting for each other. After one has failed PostgreSQL refuses the rest of the
 * transaction: rejects with the cause, when all have been answered.
 */
export async function sideBySide<T extends readonly unknown[]>(
  statements: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const settled = await Promise.allSettled(statements)
  const errors = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
  if (errors.length > 0) throw errors.find((error) => !hasCode(error, /^25P02$/)) ?? errors[0]
  return settled.map((one) => (one as PromiseFulfilledResult<unknown>).value) as never
}

/**
 * A transaction in two round trips: the statements of `read` travel right behind `begin`, those of `write` together with `commit`. Each
 * sends all of its statements before it waits for one.
 */
export async function transactInTwoTrips<Read, Result>(
  pool: pg.Pool,
  read: (tx: Tx) => Promise<Read>,
  write: (tx: Tx, read: Read) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect()
  const tx: Tx = { query: async (text, values) => (await client.query(text, values as unknown[])).rows }
  try {
    const [, found] = await sideBySide([client.query('begin'), read(tx)])
    const written = write(tx, found)
    // Where a statement could not even be sent there must be no commit behind the others.
    let isUnsent = false
    written.catch(() => {
      isUnsent = true
    })
    await new Promise(process.nextTick)
    const [result] = await sideBySide([written, isUnsent ? null : client.query('commit')])
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

/** Statements of the pool outside any transaction, each its own. */
export const sqlOfPool = (pool: pg.Pool): Tx => ({
  query: async (text, values) => (await pool.query(text, values as unknown[])).rows,
})

/** Our SQL inside a transaction that Prisma opened. Cast parameters that are not text (`$1::uuid`). */
export function sqlOf(prisma: { $queryRawUnsafe(text: string, ...values: unknown[]): Promise<unknown> }): Tx {
  return { query: (text, values = []) => prisma.$queryRawUnsafe(text, ...values) as Promise<never> }
}

const unavailable =
  /^(08...|53...|57P0[1-5]|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|P1001|P1002|P1008|P1017|P2024|P2028)$/
const transient = /^(40001|40P01|55P03|57014|25P03)$/

interface DatabaseError {
  code?: unknown
  message?: unknown
  constraint?: unknown
  /** Where Prisma keeps what PostgreSQL said. */
  meta?: { driverAdapterError?: { cause?: { originalCode?: unknown; constraint?: { index?: unknown } } } }
}
const saidByPostgres = (error: DatabaseError) => error.meta?.driverAdapterError?.cause
const hasCode = (error: DatabaseError, codes: RegExp) =>
  [error.code, saidByPostgres(error)?.originalCode].some((code) => typeof code === 'string' && codes.test(code))

/** Whether an error says that the database cannot be reached, or lost us: what was asked may or may not have happened. */
export function isUnavailable(error: unknown): boolean {
  const { message } = error as DatabaseError
  if (hasCode(error as DatabaseError, unavailable)) return true
  return (
    typeof message === 'string' &&
    /timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error/.test(message)
  )
}

/** Whether an error is of the moment: a deadlock, a lock or statement time-out, a lost connection. Repeating may help. */
export function isTransient(error: unknown): boolean {
  return isUnavailable(error) || hasCode(error as DatabaseError, transient)
}

/** What can never be done, however often it is tried. The message says why, to operators. */
export class PermanentFailure extends Error {}

// Data that a column or a type cannot hold, and rows that no rule allows. Not unique and foreign keys: what they miss may come.
const permanent = /^(22...|23502|23514)$/

/** Whether an error says that trying again cannot help. Most do not say: a fault of ours may be mended meanwhile. */
export function isPermanent(error: unknown): boolean {
  return error instanceof PermanentFailure || hasCode(error as DatabaseError, permanent)
}

/** The name of the unique constraint that an error of `pg` or Prisma tells of, else null. */
export function violatedUnique(error: unknown): string | null {
  if (!hasCode(error as DatabaseError, /^23505$/)) return null
  const { constraint = saidByPostgres(error as DatabaseError)?.constraint?.index } = error as DatabaseError
  return typeof constraint === 'string' ? constraint : null
}
