import * as z from 'zod'
import { cutToGraphemes, hasMoreThan } from './graphemes.ts'
import { remember } from './remember.ts'
import { asciiDigits, objectionToLine, objectionToLines, tidyLine, tidyLines, trimUnseen } from './tidy.ts'

/** Years that every database and every reader can write, whatever the offset. */
const isWritable = (text: string) => {
  const year = new Date(text).getUTCFullYear()
  return year >= 1970 && year <= 9998
}

/** A time as programs write it, and so most that come. */
const WRITTEN_BY_PROGRAMS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/
const TIME_MAX = 64

/**
 * A time as RFC 3339 and ISO 8601 let it be written, in the one way that everybody reads: a `T`, seconds, a
 * point before fractions, an offset of hours and minutes. What is no such time comes back as it is: a day
 * alone, or a time without an offset, may mean any.
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

/** A point in time: any offset on the wire, a `Date` in code, `Z` on the way out. */
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

/**
 * Bytes that a character may take, on average over a text: one of Indic letters takes twelve or more, one of
 * Latin ones one.
 */
const BYTES_PER_CHARACTER = 8
const BYTES_PER_CHARACTER_OF_LINES = 4

/** What `line(max)` lets through, as answers and messages carry it. */
export const shownLine = (max: number) => z.string().max(max * BYTES_PER_CHARACTER)

/** As much of a text as `line(max)` lets through, without half a character at its end. */
export const cutLine = (text: string, max: number): string =>
  cutToGraphemes(text, max, max * BYTES_PER_CHARACTER).trimEnd()

/**
 * One line that a person typed, made tidy: 1 to `max` characters as people see them, no control characters.
 */
export const line = (max: number) =>
  z
    .string()
    .max(max * BYTES_PER_CHARACTER, { abort: true, error: tooLong(max) })
    .overwrite(tidyLine)
    .min(1)
    .check(typed(max, max * BYTES_PER_CHARACTER, objectionToLine))

/**
 * Several lines that a person typed, made tidy: up to `max` characters, no control characters but new lines
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
    if (value === '') return // said by the length
    const objection = isLonger(value, max, bytesMax) ? tooLong(max) : objectionTo(value)
    if (objection) issues.push({ code: 'custom', input: value, message: objection })
  }
}

const tooLong = (max: number) => `must have at most ${max} characters`
const utf8 = new TextEncoder()
/** A code unit of UTF-16 is one character at most, and three bytes. */
const isLonger = (text: string, max: number, bytesMax: number) =>
  hasMoreThan(text, max) || (3 * text.length > bytesMax && utf8.encode(text).length > bytesMax)

/** Words of a program or of a gateway, of any length: what is longer is cut, never within a character. */
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
 * An IANA time zone by its name, e.g. `Europe/Warsaw`, in the letters that IANA writes it with: an offset is
 * none, and not every reader takes it to mean the same. A name that is a link to another stays as it is:
 * which of the two is meant is its writer's matter.
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
 * A zone's name as IANA writes it; null for anything else. `Intl` follows links, to whichever name its data
 * had first: it is asked only where there is nothing better.
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

/** What somebody looks for: the beginnings of words. */
export const Words = z.string().trim().max(200).optional()
