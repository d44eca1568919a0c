import { cutToGraphemes, type EventInfo, type UserInfo } from '@boxoffice/contracts'
import type { Values } from './template.ts'

/** A mail as its recipient reads it. Images in `html` are `cid:` references to attachments. */
export interface Mail {
  subject: string
  html: string
  /** The whole mail as plain text. */
  text: string
  /** The values of `html`, for an operator's template; absent if it cannot be replaced. */
  values?: Values
}

/** The person whom a mail addresses. */
export type Reader = Pick<UserInfo, 'firstName' | 'locale'>

/** The event as mails show it. */
export type ShownEvent = Pick<EventInfo, 'name' | 'eventDate' | 'timeZone' | 'venueName' | 'venueAddress'>

const HEADER_TEXT_MAX = 250

/** Characters that isolate the direction of the text between them (UAX #9). */
const [ISOLATE, END] = ['\u2068', '\u2069']
const ISOLATED = new RegExp(`${ISOLATE}[^${ISOLATE}${END}]*${END}`, 'g')
/** Letters of right-to-left scripts, and marks of that direction. */
const SCRIPTS = ['Hebrew', 'Arabic', 'Syriac', 'Thaana', 'Nko', 'Adlam']
const RIGHT_TO_LEFT = new RegExp(
  String.raw`[\u200f\u061c${SCRIPTS.map((script) => String.raw`\p{Script=${script}}`).join('')}]`,
  'u',
)

/**
 * Makes text safe for a header or a single line: removes control characters and directional overrides, and
 * cuts it. Right-to-left text is isolated, so that digits and punctuation around it stay in place.
 */
export function oneLine(text: string): string {
  const kept = cut(clean(text, ''))
  const outside = kept.replace(ISOLATED, '')
  const bare = outside.replace(/[\u2068\u2069]/g, '') === outside ? kept : withoutIsolates(kept)
  return RIGHT_TO_LEFT.test(bare.replace(ISOLATED, '')) ? `${ISOLATE}${withoutIsolates(bare)}${END}` : bare
}

/** The same without isolation, for text that stands alone. */
export const plainLine = (text: string): string => cut(inOneLine(text))

const withoutIsolates = (text: string) => text.replace(/[\u2068\u2069]/g, '')

/** Joins a text of any length into one line, without control and direction characters. */
export const inOneLine = (text: string): string => clean(text, '\u2068\u2069')

const clean = (text: string, more: string): string =>
  text
    .replace(new RegExp(`[\\p{Cc}\\p{Zl}\\p{Zp}\\u202a-\\u202e\\u2066\\u2067${more}]+`, 'gu'), ' ')
    .replace(/ {2,}/g, ' ')
    .trim()

function cut(text: string): string {
  if (text.length <= HEADER_TEXT_MAX || cutToGraphemes(text, HEADER_TEXT_MAX) === text) return text
  return `${cutToGraphemes(text, HEADER_TEXT_MAX - 1)}…`
}

/** Joins paragraphs with an empty line between them, without those that are null. */
export const paragraphs = (...parts: (string | null)[]): string =>
  `${parts.filter((part) => part !== null).join('\n\n')}\n`

/** Ends lines with CRLF, as text parts need also within base64 (RFC 2045, 6.8). */
export const asLines = (text: string): string => text.replace(/\r?\n/g, '\r\n')
