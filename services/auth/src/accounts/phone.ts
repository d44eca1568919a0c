import { RefusedError, refuseDetails } from '@boxoffice/service-kit'
import {
  type CountryCode,
  isSupportedCountry,
  type PhoneNumber,
  parsePhoneNumberFromString,
} from 'libphonenumber-js/max'

const E164 = /^\+[1-9]\d{6,14}$/
/** A `+`, perhaps in a bracket, or the international prefix 00 of most countries. */
const DIALLED = /^[( ]*(?:\+|00 ?)/
/**
 * The national trunk prefix, which is dropped when dialling from abroad. In Italy it is part of the number,
 * where it is kept.
 */
const TRUNK_PREFIX = /\(0\)/

/**
 * Normalizes a number to E.164. `typed`: what the contract accepts. `country`: for national notation. Returns
 * null if it is not a valid number of the country.
 */
export function phoneOf(typed: string, country?: string): string | null {
  const at = country !== undefined && isSupportedCountry(country) ? country : undefined
  const read = spellingsOf(typed).flatMap((spelling) => parse(spelling, at) ?? [])
  const number =
    read.find((found) => found.isValid()) ??
    read.find((found) => found.isPossible() && isInternational(typed))
  return number && E164.test(number.number) ? number.number : null
}

/** Returns the phone of a profile, if given. Throws a 400 that names the field if it is invalid. */
export function profilePhone(typed: string | undefined, country: string | undefined): string | undefined {
  if (typed === undefined) return undefined
  const phone = phoneOf(typed, country)
  if (phone) return phone
  const message = isInternational(typed)
    ? 'is not a telephone number of that country'
    : country
      ? `is not a telephone number as it is written in ${country}`
      : 'must have its country, as in +48 22 123 45 67, or phoneCountry beside it'
  throw new RefusedError(refuseDetails([{ path: 'body.phone', message }]))
}

const isInternational = (typed: string) => typed.includes('+') || DIALLED.test(typed)

const spellingsOf = (typed: string): string[] => {
  const international = typed.replace(DIALLED, '+')
  const spellings = [typed, international]
  return [...new Set([...spellings, ...spellings.map((spelling) => spelling.replace(TRUNK_PREFIX, ''))])]
}

function parse(spelling: string, defaultCountry: CountryCode | undefined): PhoneNumber | undefined {
  return parsePhoneNumberFromString(spelling, { extract: false, ...(defaultCountry && { defaultCountry }) })
}
