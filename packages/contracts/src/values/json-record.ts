import * as z from 'zod'

/** Limits of a record: bytes of JSON, and nesting depth, counting the record itself. */
const RECORD_BYTES_MAX = 65_536
const RECORD_DEPTH_MAX = 8

const utf8 = new TextEncoder()

/**
 * Returns what is wrong with a value to be stored as JSON; null if nothing. Never looks deeper than the
 * limit.
 */
function objectionTo(value: unknown, depth: number): string | null {
  // PostgreSQL stores neither, and no client can show them.
  if (typeof value === 'string')
    return value.isWellFormed() && !value.includes('\0') ? null : 'has characters that are none'
  if (typeof value !== 'object' || value === null) return null
  if (depth > RECORD_DEPTH_MAX) return `must be nested at most ${RECORD_DEPTH_MAX} deep`
  for (const [key, inner] of Object.entries(value)) {
    const objection = objectionTo(key, depth) ?? objectionTo(inner, depth + 1)
    if (objection) return objection
  }
  return null
}

/** Any JSON record, bounded: at most 64 KiB, nested at most 8 deep. */
export const JsonRecord = z.record(z.string(), z.unknown()).check(({ value, issues }) => {
  const isLarge = () => utf8.encode(JSON.stringify(value)).length > RECORD_BYTES_MAX
  const objection =
    objectionTo(value, 1) ?? (isLarge() ? `must take at most ${RECORD_BYTES_MAX} bytes` : null)
  if (objection) issues.push({ code: 'custom', input: value, message: objection })
})
