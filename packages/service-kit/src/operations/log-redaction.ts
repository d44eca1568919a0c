import { pino } from 'pino'

const secrets: ReadonlySet<string> = new Set([
  'accessToken',
  'authorization',
  'email',
  'idToken',
  'password',
  'passwordHash',
  'paymentToken',
  'phone',
  'recipient',
  'refreshToken',
  'sealedToken',
  'token',
  'to',
])
const CENSOR = '[redacted]'
const LEVELS = 3

/**
 * Returns the fields of a log line with secret and personal values blanked, three levels deep; the same
 * object if there are none. pino's own redaction follows each of its paths in every line, which took longer
 * than the rest of a request.
 */
export const blankSecrets = (fields: Record<string, unknown>): Record<string, unknown> =>
  blank(fields, LEVELS) as Record<string, unknown>

function blank(value: object, levels: number): object {
  let copy: Record<string, unknown> | null = null
  for (const [key, field] of Object.entries(value)) {
    const shown = secrets.has(key) ? CENSOR : levels > 1 ? blankInside(field, key, levels - 1) : field
    if (shown === field) continue
    copy ??= (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>
    copy[key] = shown
  }
  return copy ?? value
}

function blankInside(field: unknown, key: string, levels: number): unknown {
  if (typeof field !== 'object' || field === null || key === 'err') return field
  const written = asWritten(field, key)
  return typeof written === 'object' && written !== null ? blank(written, levels) : written
}

/** What PostgreSQL adds to an error: values of the row, and of the statement. */
const VALUES_OF_ERRORS = ['detail', 'where', 'internalQuery', 'hint']

/** Serializes an error as pino does, blanked likewise, without the values that a database repeats in it. */
export function describeError(error: Error): object {
  // Already serialized: pino would name its type Object.
  const isDescribed =
    !(error instanceof Error) && typeof (error as { type?: unknown } | null)?.type === 'string'
  const written = blank(isDescribed ? error : pino.stdSerializers.err(error), LEVELS - 1)
  const isOfDatabase = error instanceof Error && 'severity' in error
  if (!isOfDatabase) return written
  return Object.fromEntries(Object.entries(written).filter(([key]) => !VALUES_OF_ERRORS.includes(key)))
}

/** Returns an object as it appears in the line. */
function asWritten(field: object, key: string): unknown {
  const { toJSON } = field as { toJSON?: unknown }
  return typeof toJSON === 'function' ? toJSON.call(field, key) : field
}
