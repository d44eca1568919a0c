import * as z from 'zod'

/** Bytes of a record as JSON, and how deep it may be nested: itself is 1. */
const RECORD_BYTES_MAX = 65_536
const RECORD_DEPTH_MAX = 8

const utf8 = new TextEncoder()

/**
 * What is wrong with a value that is to be kept as JSON; null where nothing is. It looks no deeper than it
 * may be.
 */
function objectionTo(value: unknown, depth: number): string | null {
  // PostgreSQL keeps neither, and no reader can be shown them.
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

/** Any record of JSON, bounded: at most 64 KiB, nested at most 8 deep. */
export const JsonRecord = z.record(z.string(), z.unknown()).check(({ value, issues }) => {
  const isLarge = () => utf8.encode(JSON.stringify(value)).length > RECORD_BYTES_MAX
  const objection =
    objectionTo(value, 1) ?? (isLarge() ? `must take at most ${RECORD_BYTES_MAX} bytes` : null)
  if (objection) issues.push({ code: 'custom', input: value, message: objection })
})
