import * as z from 'zod'
import { remember } from './remember.ts'

/**
 * Currencies with two decimals. Another exponent needs its own codec: an amount does not know its currency.
 */
export const Currency = z.enum([
  'AUD',
  'CAD',
  'CHF',
  'CZK',
  'DKK',
  'EUR',
  'GBP',
  'NOK',
  'NZD',
  'PLN',
  'RON',
  'SEK',
  'USD',
])
export type Currency = z.output<typeof Currency>

const Minor = z.int().nonnegative().brand<'Minor'>()
/** An amount in minor units (cents). */
export type Minor = z.output<typeof Minor>

const AMOUNT_MAX = 1_000_000_000
/** The only place that knows the factor. */
const upTo = (major: number) =>
  z.codec(z.number().nonnegative().max(major).multipleOf(0.01), Minor, {
    decode: (amount) => Math.round(amount * 100) as Minor,
    encode: (minor) => minor / 100,
  })

/** An amount: major units on the wire (`50.1`), minor units in code (`5010`). */
export const Money = upTo(AMOUNT_MAX)
/** A sum of amounts, which may exceed the limit of one; encoded like an amount. */
export const MoneySum = upTo(Number.MAX_SAFE_INTEGER / 100)

/** Multiplies an amount by a count, in minor units. */
export const times = (amount: Minor, count: number) => (amount * count) as Minor

/** Adds amounts of one currency, in minor units. */
export const sum = (amounts: readonly Minor[]) =>
  amounts.reduce((total, amount) => total + amount, 0) as Minor

/** Formats an amount in the reader's language: `€50.00`. */
export const formatMoney = (amount: Minor, currency: Currency, locale = 'en') =>
  formatOf(`${currency} ${locale}`).format(amount / 100)
const formatOf = remember((key) => {
  const [currency = '', locale] = key.split(' ')
  return new Intl.NumberFormat(locale, { style: 'currency', currency })
})
