import { cutToGraphemes, type EventInfo, type UserInfo } from '@boxoffice/contracts'

/** A mail as its recipient reads it. Pictures in `html` are `cid:` references to attachments. */
export interface Mail {
  subject: string
  html: string
  /** Complete on its own: for readers that show no HTML. */
  text: string
}

/** Whom a mail speaks to. */
export type Reader = Pick<UserInfo, 'firstName' | 'locale'>

/** The event as mails show it. */
export type ShownEvent = Pick<EventInfo, 'name' | 'eventDate' | 'timeZone' | 'venueName' | 'venueAddress'>

const HEADER_TEXT_MAX = 250

/** A text in one line: no control characters, no directions that turn what follows around. */
export const inOneLine = (text: string): string =>
  text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]+/gu, ' ')
    .replace(/ {2,}/g, ' ')
    .trim()

/** The same for a header or a single line of a mail: not too long. */
export function oneLine(text: string): string {
  const clean = inOneLine(text)
  if (clean.length <= HEADER_TEXT_MAX || cutToGraphemes(clean, HEADER_TEXT_MAX) === clean) return clean
  return `${cutToGraphemes(clean, HEADER_TEXT_MAX - 1)}…`
}

/** The text part: paragraphs with an empty line between them; null leaves one out. */
export const paragraphs = (...parts: (string | null)[]): string => `${parts.filter((part) => part !== null).join('\n\n')}\n`

/** Text as it travels: its lines end with CRLF, also within base64 (RFC 2045, 6.8). */
export const asLines = (text: string): string => text.replace(/\r?\n/g, '\r\n')
