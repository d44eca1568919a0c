import * as z from 'zod'
import { cutToGraphemes, hasMoreThan } from './graphemes.ts'
import { remember } from './remember.ts'
import { asciiDigits, objectionToLine, objectionToLines, tidyLine, tidyLines, trimUnseen } from './tidy.ts'

/** Years that every database and client supports, whatever the offset. */
const isWritable = (text: string) => {
  const year = new Date(text).getUTCFullYear()
  return year >= 1970 && year <= 9998
}

/** The common form of a time. */
const WRITTEN_BY_PROGRAMS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/
const TIME_MAX = 64

/**
 * Normalizes a time of RFC 3339 or ISO 8601 to the common form: a `T`, seconds, a point before fractions, an
 * offset of hours and minutes. Anything else is returned unchanged: a date alone, or a time without an
 * offset, is ambiguous.
 */
function timeOf(typed: string): string {
  if (WRITTEN_BY_PROGRAMS.test(typed)) return typed
  return asciiDigits(trimUnseen(typed).normalize('NFKC'))
    .replaceAll('\u2212', '-')
    .toUpperCase()
    .replace(/^(\d{4}-\d\d-\d\d) +(?=\d\d:)/, '$1T')
    .replace(/(?<=T\d\d:\d\d:\d\d),(?=\d)/, '.')
    .replace(/(?<=T[\d:.]+) +(?=Z|[+-]\d\d)/, '')
    .replace(/(?<=T\d\d:\d\d)(?=Z|[+-])/, ':00')
    .replace(/(?<=T[\d:.]+[+-]\d\d):?(\d\d)?$/, (_, minutes = '00') => `:${minutes}`)
}

/** A point in time: any offset in requests, a `Date` in code, `Z` in answers. */
export const Instant = z.codec(
  z
    .string()
    .max(TIME_MAX, { abort: true })
    .overwrite(timeOf)
    .check(z.iso.datetime({ offset: true, abort: true }))
    .refine(isWritable, 'must be from 1970 to 9998'),
  z.date(),
  { decode: (text) => new Date(text), encode: (date) => date.toISOString() },
)

/** The average bytes per character of a text: twelve or more for Indic letters, one for Latin ones. */
const BYTES_PER_CHARACTER = 8
const BYTES_PER_CHARACTER_OF_LINES = 4

/** A value of `line(max)` in answers and messages. */
export const shownLine = (max: number) => z.string().max(max * BYTES_PER_CHARACTER)

/** Cuts a text to what `line(max)` allows, without splitting a character. */
export const cutLine = (text: string, max: number): string =>
  cutToGraphemes(text, max, max * BYTES_PER_CHARACTER).trimEnd()

/** One line that a person typed, normalized: 1 to `max` user-perceived characters, no control characters. */
export const line = (max: number) =>
  z
    .string()
    .max(max * BYTES_PER_CHARACTER, { abort: true, error: tooLong(max) })
    .overwrite(tidyLine)
    .min(1)
    .check(typed(max, max * BYTES_PER_CHARACTER, objectionToLine))

/**
 * Several lines that a person typed, normalized: up to `max` characters, no control characters but new lines
 * and tabs.
 */
export const lines = (max: number) =>
  z
    .string()
    .max(max * BYTES_PER_CHARACTER_OF_LINES, { abort: true, error: tooLong(max) })
    .overwrite(tidyLines)
    .check(typed(max, max * BYTES_PER_CHARACTER_OF_LINES, objectionToLines))

function typed(max: number, bytesMax: number, objectionTo: (text: string) => string | null) {
  return ({ value, issues }: z.core.ParsePayload<string>) => {
    if (value === '') return // the length check reports it
    const objection = isLonger(value, max, bytesMax) ? tooLong(max) : objectionTo(value)
    if (objection) issues.push({ code: 'custom', input: value, message: objection })
  }
}

const tooLong = (max: number) => `must have at most ${max} characters`
const utf8 = new TextEncoder()
/** A UTF-16 code unit is at most one character and three bytes. */
const isLonger = (text: string, max: number, bytesMax: number) =>
  hasMoreThan(text, max) || (3 * text.length > bytesMax && utf8.encode(text).length > bytesMax)

/** Text of a program or gateway, of any length: cut without splitting a character. */
export const cutTo = (max: number) =>
  z
    .string()
    .overwrite((text) => (text.length > max ? text.slice(0, max).replace(/[\uD800-\uDBFF]$/, '') : text))
    .max(max)

/** The number of an order or a ticket, for people: `ORD-2026-001234`. */
export const Numbered = z.string().max(40)

/** A language tag of BCP 47, e.g. `en`, `de-AT`. */
export const Locale = z
  .string()
  .max(35)
  .regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'must be a language tag such as en or de-AT')

/**
 * An IANA time zone by name, e.g. `Europe/Warsaw`, in IANA's spelling; not an offset, which programs
 * interpret differently. A name that links to another zone stays as it is.
 */
export const TimeZone = z
  .string()
  .max(64, { abort: true })
  .overwrite((name) => zoneNameOf(name.trim()) ?? name)
  .refine((name) => zoneNameOf(name) !== null, 'must be an IANA time zone such as Europe/Warsaw')

const regions = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' })

/** A country of ISO 3166-1 alpha-2, e.g. `PL`. */
export const Country = z
  .string()
  .trim()
  .toUpperCase()
  .regex(/^[A-Z]{2}$/, 'must be two letters such as PL')
  .refine(
    (code) => /^[A-Z]{2}$/.test(code) && regions.of(code) !== undefined && !NO_COUNTRIES.has(code),
    'is no country',
  )
const NO_COUNTRIES = new Set(['EU', 'EZ', 'UN', 'XA', 'XB', 'ZZ'])

/**
 * Returns a zone's name in IANA's spelling; null for anything else. `Intl` resolves links to whichever name
 * its data had first, so it is the last resort.
 */
const zoneNameOf = remember((name: string): string | null => {
  if (!/^[A-Za-z]/.test(name)) return null
  try {
    if (typeof Temporal !== 'undefined') return new Temporal.ZonedDateTime(0n, name).timeZoneId
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone
  } catch {
    return null
  }
})

/** A search: prefixes of words. */
export const Words = z.string().trim().max(200).optional()
