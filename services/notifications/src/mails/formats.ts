import { type Currency, formatMoney, type Minor, remember, type Seat } from '@boxoffice/contracts'
import { oneLine } from './mail.ts'

const FALLBACK = 'en-GB'

/** Returns the reader's locale if it is supported, else British English: our mails are in English for now. */
const localesOf = remember((locale): readonly [string, ...string[]] => {
  try {
    const [known = FALLBACK] = Intl.DateTimeFormat.supportedLocalesOf(locale === 'en' ? FALLBACK : locale)
    return [known, FALLBACK]
  } catch {
    return [FALLBACK] // well-formed but not a language tag
  }
})

const CLOCK = { hour: '2-digit', minute: '2-digit', timeZoneName: 'short' } as const

/** Formats day and time in the event's time zone, with weekday and zone. */
export function whenOf(
  event: { eventDate: Date; timeZone: string },
  locale: string,
): { day: string; time: string } {
  const { day, time } = clocks(`${event.timeZone} ${locale}`)
  return { day: oneLine(day.format(event.eventDate)), time: oneLine(time.format(event.eventDate)) }
}
/** Creating a format takes a millisecond, using it some microseconds. */
const clocks = remember((zoneAndLocale) => {
  const [timeZone, locale = FALLBACK] = zoneAndLocale.split(' ')
  const format = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat([...localesOf(locale)], { timeZone, ...options })
  return {
    day: format({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }),
    time: format(CLOCK),
  }
})

/**
 * Formats day and time briefly, in characters of the 7-bit alphabet of text messages: `Sat 17 Jul, 19:30
 * CEST`.
 */
export function shortWhenOf({ eventDate, timeZone }: { eventDate: Date; timeZone: string }): string {
  const { day, time } = shortClocks(timeZone)
  return `${day.format(eventDate)}, ${time.format(eventDate)}`
}
const shortClocks = remember((timeZone) => {
  const format = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(FALLBACK, { timeZone, ...options })
  return { day: format({ weekday: 'short', day: 'numeric', month: 'short' }), time: format(CLOCK) }
})

/** Formats a day in UTC, for receipts. */
export const dayOf = (moment: Date, locale: string): string =>
  inWords(moment, locale, { timeZone: 'UTC', day: 'numeric', month: 'long', year: 'numeric' })

/** Formats a moment in an event's time zone, with weekday and zone. */
export const momentAt = (moment: Date, timeZone: string, locale: string): string =>
  inWords(moment, locale, { timeZone, weekday: 'long', day: 'numeric', month: 'long', ...CLOCK })

/** Formats a moment in UTC, for what has no place, such as the expiry of a link. */
export const momentOf = (moment: Date, locale: string): string =>
  inWords(moment, locale, { timeZone: 'UTC', day: 'numeric', month: 'long', ...CLOCK })

/** Keeps right-to-left words and digits together in the English sentence around them. */
const inWords = (moment: Date, locale: string, options: Intl.DateTimeFormatOptions) =>
  oneLine(new Intl.DateTimeFormat([...localesOf(locale)], options).format(moment))

export const moneyOf = (amount: Minor, currency: Currency, locale: string): string =>
  oneLine(formatMoney(amount, currency, localesOf(locale)[0]))

export const priceOf = (amount: Minor, currency: Currency, locale: string): string =>
  amount === 0 ? 'Free' : moneyOf(amount, currency, locale)

export const seatOf = ({ zoneId, rowLabel, colLabel }: Seat): string =>
  `Section ${zoneId}, row ${oneLine(rowLabel)}, seat ${oneLine(colLabel)}`

export const countOf = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? '' : 's'}`
