import * as z from 'zod'
import { remember } from './remember.ts'

/**
 * Currencies with two decimals. One with another exponent needs a codec of its own: the amount cannot see its
 * currency.
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

/** An amount: on the wire a number of major units (`50.1`), in code minor units (`5010`). */
export const Money = upTo(AMOUNT_MAX)
/** A sum over any number of amounts, which may be larger than each of them: written like an amount. */
export const MoneySum = upTo(Number.MAX_SAFE_INTEGER / 100)

/** An amount times a count, in minor units. */
export const times = (amount: Minor, count: number) => (amount * count) as Minor

/** The sum of amounts of one currency, in minor units. */
export const sum = (amounts: readonly Minor[]) =>
  amounts.reduce((total, amount) => total + amount, 0) as Minor

/** An amount for people, in the reader's language: `€50.00`. */
export const formatMoney = (amount: Minor, currency: Currency, locale = 'en') =>
  formatOf(`${currency} ${locale}`).format(amount / 100)
const formatOf = remember((key) => {
  const [currency = '', locale] = key.split(' ')
  return new Intl.NumberFormat(locale, { style: 'currency', currency })
})
