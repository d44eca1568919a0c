import { type Currency, formatMoney, type Minor, remember, type Seat } from '@boxoffice/contracts'
import { oneLine } from './mail.ts'

const FALLBACK = 'en-GB'

/**
 * The reader's locale where the machine knows it, else British English: the words of our mails are English
 * for now.
 */
const localesOf = remember((locale): readonly [string, ...string[]] => {
  try {
    const [known = FALLBACK] = Intl.DateTimeFormat.supportedLocalesOf(locale === 'en' ? FALLBACK : locale)
    return [known, FALLBACK]
  } catch {
    return [FALLBACK] // a tag that looks like one and is none
  }
})

const CLOCK = { hour: '2-digit', minute: '2-digit', timeZoneName: 'short' } as const

/**
 * The day with its weekday and the time with its zone, where the event is: what the reader's clock says does
 * not matter there.
 */
export function whenOf(
  event: { eventDate: Date; timeZone: string },
  locale: string,
): { day: string; time: string } {
  const { day, time } = clocks(`${event.timeZone} ${locale}`)
  return { day: oneLine(day.format(event.eventDate)), time: oneLine(time.format(event.eventDate)) }
}
/** To make a format takes a millisecond, to use it some microseconds. */
const clocks = remember((zoneAndLocale) => {
  const [timeZone, locale = FALLBACK] = zoneAndLocale.split(' ')
  const format = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat([...localesOf(locale)], { timeZone, ...options })
  return {
    day: format({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }),
    time: format(CLOCK),
  }
})

/** The same in few signs, all of which a text message has in seven bits: `Sat 17 Jul, 19:30 CEST`. */
export function shortWhenOf({ eventDate, timeZone }: { eventDate: Date; timeZone: string }): string {
  const { day, time } = shortClocks(timeZone)
  return `${day.format(eventDate)}, ${time.format(eventDate)}`
}
const shortClocks = remember((timeZone) => {
  const format = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(FALLBACK, { timeZone, ...options })
  return { day: format({ weekday: 'short', day: 'numeric', month: 'short' }), time: format(CLOCK) }
})

/** A day for people, in UTC: that of a receipt. */
export const dayOf = (moment: Date, locale: string): string =>
  inWords(moment, locale, { timeZone: 'UTC', day: 'numeric', month: 'long', year: 'numeric' })

/** A moment where something happens, with its weekday and zone. */
export const momentAt = (moment: Date, timeZone: string, locale: string): string =>
  inWords(moment, locale, { timeZone, weekday: 'long', day: 'numeric', month: 'long', ...CLOCK })

/** A moment for people, in UTC: what has no place of its own, such as the end of a link. */
export const momentOf = (moment: Date, locale: string): string =>
  inWords(moment, locale, { timeZone: 'UTC', day: 'numeric', month: 'long', ...CLOCK })

/**
 * Words and digits of a locale that runs from right to left stay together in the English sentence around
 * them.
 */
const inWords = (moment: Date, locale: string, options: Intl.DateTimeFormatOptions) =>
  oneLine(new Intl.DateTimeFormat([...localesOf(locale)], options).format(moment))

export const moneyOf = (amount: Minor, currency: Currency, locale: string): string =>
  oneLine(formatMoney(amount, currency, localesOf(locale)[0]))

export const priceOf = (amount: Minor, currency: Currency, locale: string): string =>
  amount === 0 ? 'Free' : moneyOf(amount, currency, locale)

export const seatOf = ({ zoneId, rowLabel, colLabel }: Seat): string =>
  `Section ${zoneId}, row ${oneLine(rowLabel)}, seat ${oneLine(colLabel)}`

export const countOf = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? '' : 's'}`
