/**
 * The first error that is not a mere consequence of another: PostgreSQL refuses what follows a failure in a
 * transaction (25P02).
 */
export const rootCause = (errors: readonly unknown[]): unknown =>
  errors.find((error) => !hasCode(error as DatabaseError, /^25P02$/)) ?? errors[0]

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
  [error.code, saidByPostgres(error)?.originalCode].some(
    (code) => typeof code === 'string' && codes.test(code),
  )

/**
 * Whether an error says that the database cannot be reached, or lost us: what was asked may or may not have
 * happened.
 */
export function isUnavailable(error: unknown): boolean {
  const { message } = error as DatabaseError
  if (hasCode(error as DatabaseError, unavailable)) return true
  return (
    typeof message === 'string' &&
    /timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error/.test(
      message,
    )
  )
}

/**
 * Whether an error is of the moment: a deadlock, a lock or statement time-out, a lost connection. Repeating
 * may help.
 */
export function isTransient(error: unknown): boolean {
  return isUnavailable(error) || hasCode(error as DatabaseError, transient)
}

/** What can never be done, however often it is tried. The message says why, to operators. */
export class PermanentFailure extends Error {}

// Data that a column or a type cannot hold, and rows that no rule allows. Not unique and foreign keys: what
// they miss may come.
const permanent = /^(22...|23502|23514)$/

/**
 * Whether an error says that trying again cannot help. Most do not say: a fault of ours may be mended
 * meanwhile.
 */
export function isPermanent(error: unknown): boolean {
  return error instanceof PermanentFailure || hasCode(error as DatabaseError, permanent)
}

/** The name of the unique constraint that an error of `pg` or Prisma tells of, else null. */
export function violatedUnique(error: unknown): string | null {
  if (!hasCode(error as DatabaseError, /^23505$/)) return null
  const { constraint = saidByPostgres(error as DatabaseError)?.constraint?.index } = error as DatabaseError
  return typeof constraint === 'string' ? constraint : null
}
