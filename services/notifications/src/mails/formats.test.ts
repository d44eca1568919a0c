import type { Minor } from '@boxoffice/contracts'
import { expect, test } from 'vitest'
import { dayOf, momentAt, momentOf, moneyOf, priceOf, seatOf, whenOf } from './formats.ts'

const eventDate = new Date('2027-07-17T22:30:00Z')

test("day and time are in the event's time zone, with weekday and zone", () => {
  expect(whenOf({ eventDate, timeZone: 'Europe/Warsaw' }, 'en')).toEqual({
    day: 'Sunday, 18 July 2027',
    time: '00:30 CEST',
  })
  expect(whenOf({ eventDate, timeZone: 'America/New_York' }, 'en')).toEqual({
    day: 'Saturday, 17 July 2027',
    time: '18:30 GMT-4',
  })
  expect(whenOf({ eventDate, timeZone: 'Europe/Athens' }, 'el').day).toBe('Κυριακή 18 Ιουλίου 2027')
})

test.each(['xx', 'de-de-de'])('the unknown locale %s falls back to British English', (locale) => {
  expect(whenOf({ eventDate, timeZone: 'UTC' }, locale).day).toBe('Saturday, 17 July 2027')
  expect(moneyOf(1_234_550 as Minor, 'EUR', locale)).toBe('€12,345.50')
})

test("money is formatted in the reader's locale, and zero is free", () => {
  expect(moneyOf(1_234_550 as Minor, 'PLN', 'pl')).toBe('12\u00a0345,50\u00a0zł')
  expect(priceOf(0 as Minor, 'EUR', 'en')).toBe('Free')
  expect(seatOf({ zoneId: 2, rowLabel: 'A', colLabel: '12' })).toBe('Section 2, row A, seat 12')
})

test.each(['ar', 'he', 'fa', 'ur'])(
  'right-to-left text in %s is isolated from the sentence around it',
  (locale) => {
    const { day } = whenOf({ eventDate, timeZone: 'Asia/Dubai' }, locale)
    const moments = [
      day,
      dayOf(eventDate, locale),
      momentAt(eventDate, 'Asia/Dubai', locale),
      momentOf(eventDate, locale),
    ]
    for (const words of [...moments, moneyOf(5_000 as Minor, 'ILS' as never, 'he')])
      expect(words).toMatch(/^\u2068.+\u2069$/)
  },
)

test('a time is isolated where its words run from right to left', () => {
  expect(whenOf({ eventDate, timeZone: 'Africa/Cairo' }, 'ar').time).toBe('\u206801:30 ص غرينتش+3\u2069')
  expect(whenOf({ eventDate, timeZone: 'Africa/Cairo' }, 'ur').time).toBe('01:30 AM GMT +3')
})
