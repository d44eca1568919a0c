import { z } from 'zod'

/** Years that every database and every reader can write, whatever the offset. */
const isWritable = (text: string) => {
  const year = new Date(text).getUTCFullYear()
  return year >= 1970 && year <= 9998
}

/** A point in time: any offset on the wire, a `Date` in code, `Z` on the way out. */
export const Instant = z.codec(z.iso.datetime({ offset: true }).refine(isWritable, 'must be from 1970 to 9998'), z.date(), {
  decode: (text) => new Date(text),
  encode: (date) => date.toISOString(),
})

// What no person types: control characters, halves of characters, and marks that turn the direction of what follows.
const UNTYPED = String.raw`\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069`
const ONE_LINE = new RegExp(`^[^${UNTYPED}]+$`, 'u')
const SEVERAL_LINES = new RegExp(`^(?:[^${UNTYPED}]|[\\n\\r\\t])*$`, 'u')

/** One line that a person typed: trimmed, 1 to `max` characters, no control characters. */
export const line = (max: number) => z.string().trim().min(1).max(max).regex(ONE_LINE, 'must not contain control characters')

/** Several lines that a person typed: trimmed, up to `max` characters, no control characters but new lines and tabs. */
export const lines = (max: number) => z.string().trim().max(max).regex(SEVERAL_LINES, 'must not contain control characters')

/** Words of a program or of a gateway, of any length: what is longer is cut, never within a character. */
export const cutTo = (max: number) =>
  z
    .string()
    .overwrite((text) => (text.length > max ? text.slice(0, max).replace(/[\uD800-\uDBFF]$/, '') : text))
    .max(max)

/** The number of an order or a ticket, for people: `ORD-2026-001234`. */
export const Numbered = z.string().max(40)

export const Email = z.email().max(254).toLowerCase()

/** A language tag of BCP 47, e.g. `en`, `de-AT`. */
export const Locale = z
  .string()
  .max(35)
  .regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'must be a language tag such as en or de-AT')

/** An IANA time zone by its name, e.g. `Europe/Warsaw`: an offset is none, and not every reader takes it to mean the same. */
export const TimeZone = z.string().max(64).refine(isTimeZone, 'must be an IANA time zone such as Europe/Warsaw')

const regions = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' })

/** A country of ISO 3166-1 alpha-2, e.g. `PL`. */
export const Country = z
  .string()
  .toUpperCase()
  .regex(/^[A-Z]{2}$/, 'must be two letters such as PL')
  .refine((code) => /^[A-Z]{2}$/.test(code) && regions.of(code) !== undefined && !NO_COUNTRIES.has(code), 'is no country')
const NO_COUNTRIES = new Set(['EU', 'EZ', 'UN', 'XA', 'XB', 'ZZ'])

function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

/** What somebody looks for: the beginnings of words. */
export const Words = z.string().trim().max(200).optional()
