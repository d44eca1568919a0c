import { type Currency, formatMoney, type Minor, type Seat } from '@boxoffice/contracts'

/** The reader's locale where the machine knows it, else British English: the words of our mails are English for now. */
const localesOf = (locale: string): string[] => {
  try {
    return [...Intl.DateTimeFormat.supportedLocalesOf(locale === 'en' ? 'en-GB' : locale), 'en-GB']
  } catch {
    return ['en-GB'] // a tag that looks like one and is none
  }
}

const CLOCK = { hour: '2-digit', minute: '2-digit', timeZoneName: 'short' } as const

/** The day with its weekday and the time with its zone, where the event is: what the reader's clock says does not matter there. */
export function whenOf(event: { eventDate: Date; timeZone: string }, locale: string): { day: string; time: string } {
  const format = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(localesOf(locale), { timeZone: event.timeZone, ...options }).format(event.eventDate)
  return {
    day: format({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }),
    time: format(CLOCK),
  }
}

/** A day for people, in UTC: that of a receipt. */
export const dayOf = (moment: Date, locale: string): string =>
  new Intl.DateTimeFormat(localesOf(locale), { timeZone: 'UTC', day: 'numeric', month: 'long', year: 'numeric' }).format(moment)

/** A moment where something happens, with its weekday and zone. */
export const momentAt = (moment: Date, timeZone: string, locale: string): string =>
  new Intl.DateTimeFormat(localesOf(locale), {
    timeZone,
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    ...CLOCK,
  }).format(moment)

/** A moment for people, in UTC: what has no place of its own, such as the end of a link. */
export const momentOf = (moment: Date, locale: string): string =>
  new Intl.DateTimeFormat(localesOf(locale), { timeZone: 'UTC', day: 'numeric', month: 'long', ...CLOCK }).format(moment)

export const moneyOf = (amount: Minor, currency: Currency, locale: string): string =>
  formatMoney(amount, currency, localesOf(locale)[0])

export const priceOf = (amount: Minor, currency: Currency, locale: string): string =>
  amount === 0 ? 'Free' : moneyOf(amount, currency, locale)

export const seatOf = ({ zoneId, rowLabel, colLabel }: Seat): string => `Section ${zoneId}, row ${rowLabel}, seat ${colLabel}`

export const countOf = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? '' : 's'}`
