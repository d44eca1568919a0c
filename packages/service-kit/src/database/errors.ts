/**
 * Returns the first error that is not a consequence of another: PostgreSQL refuses all statements after a
 * failure in a transaction (25P02).
 */
export const rootCause = (errors: readonly unknown[]): unknown =>
  errors.find((error) => !hasCode(error as DatabaseError, /^25P02$/)) ?? errors[0]

const network = 'ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND'
const prisma = 'P1001|P1002|P1008|P1017|P2024|P2028'
const unavailable = new RegExp(`^(08...|53...|57P0[1-5]|${network}|${prisma})$`)
const disconnected = [
  'timeout exceeded when trying to connect',
  'Connection terminated',
  'Client has encountered a connection error',
]
const transient = /^(40001|40P01|55P03|57014|25P03)$/

interface DatabaseError {
  code?: unknown
  message?: unknown
  constraint?: unknown
  /** The field where Prisma keeps PostgreSQL's error. */
  meta?: { driverAdapterError?: { cause?: { originalCode?: unknown; constraint?: { index?: unknown } } } }
}
const saidByPostgres = (error: DatabaseError) => error.meta?.driverAdapterError?.cause
const hasCode = (error: DatabaseError, codes: RegExp) =>
  [error.code, saidByPostgres(error)?.originalCode].some(
    (code) => typeof code === 'string' && codes.test(code),
  )

/**
 * Returns whether the database was unreachable or the connection lost: the statement may or may not have run.
 */
export function isUnavailable(error: unknown): boolean {
  const { message } = error as DatabaseError
  if (hasCode(error as DatabaseError, unavailable)) return true
  return typeof message === 'string' && disconnected.some((each) => message.includes(each))
}

/**
 * Returns whether an error is transient: a deadlock, a lock or statement time-out, a lost connection. A retry
 * may help.
 */
export function isTransient(error: unknown): boolean {
  return isUnavailable(error) || hasCode(error as DatabaseError, transient)
}

/** Work that no retry can complete. The message tells operators why. */
export class PermanentFailure extends Error {}

// Values that a column or type cannot hold, and rows that a constraint forbids. Not unique and foreign keys:
// the missing row may arrive later.
const permanent = /^(22...|23502|23514)$/

/**
 * Returns whether a retry is certain to fail. Most errors do not say so: a bug of ours may be fixed
 * meanwhile.
 */
export function isPermanent(error: unknown): boolean {
  return error instanceof PermanentFailure || hasCode(error as DatabaseError, permanent)
}

/** Returns the unique constraint that an error of `pg` or Prisma names, else null. */
export function violatedUnique(error: unknown): string | null {
  if (!hasCode(error as DatabaseError, /^23505$/)) return null
  const { constraint = saidByPostgres(error as DatabaseError)?.constraint?.index } = error as DatabaseError
  return typeof constraint === 'string' ? constraint : null
}
