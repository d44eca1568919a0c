import { cutToGraphemes, type EventInfo, type UserInfo } from '@boxoffice/contracts'
import type { Values } from './template.ts'

/** A mail as its recipient reads it. Pictures in `html` are `cid:` references to attachments. */
export interface Mail {
  subject: string
  html: string
  /** Complete on its own: for readers that show no HTML. */
  text: string
  /** What `html` was made of, for a template of the operator's own; absent: it has none. */
  values?: Values
}

/** Whom a mail speaks to. */
export type Reader = Pick<UserInfo, 'firstName' | 'locale'>

/** The event as mails show it. */
export type ShownEvent = Pick<EventInfo, 'name' | 'eventDate' | 'timeZone' | 'venueName' | 'venueAddress'>

const HEADER_TEXT_MAX = 250

/** Isolates what is between them, whatever its direction (UAX #9). */
const [ISOLATE, END] = ['\u2068', '\u2069']
const ISOLATED = new RegExp(`${ISOLATE}[^${ISOLATE}${END}]*${END}`, 'g')
/** Letters of scripts that run from right to left, and marks of that direction. */
const RIGHT_TO_LEFT =
  /[\u200f\u061c\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}]/u

/**
 * Text for a header or a single line of text: no control characters, no directions that turn what follows
 * around, not too long. What runs from right to left is isolated, so that digits and punctuation of the
 * sentence around it stay where they are.
 */
export function oneLine(text: string): string {
  const kept = cut(clean(text, ''))
  const outside = kept.replace(ISOLATED, '')
  const bare = outside.replace(/[\u2068\u2069]/g, '') === outside ? kept : withoutIsolates(kept)
  return RIGHT_TO_LEFT.test(bare.replace(ISOLATED, '')) ? `${ISOLATE}${withoutIsolates(bare)}${END}` : bare
}

/** The same alone, where nothing stands around it. */
export const plainLine = (text: string): string => cut(inOneLine(text))

const withoutIsolates = (text: string) => text.replace(/[\u2068\u2069]/g, '')

/** A text in one line, however long: no control characters, no directions. */
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

/** The text part: paragraphs with an empty line between them; null leaves one out. */
export const paragraphs = (...parts: (string | null)[]): string =>
  `${parts.filter((part) => part !== null).join('\n\n')}\n`

/** Text as it travels: its lines end with CRLF, also within base64 (RFC 2045, 6.8). */
export const asLines = (text: string): string => text.replace(/\r?\n/g, '\r\n')
