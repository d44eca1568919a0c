import * as z from 'zod'
import { asciiDigits, trimUnseen } from './tidy.ts'

// A telephone number as people type, paste and autofill it. What it means is decided by numbering plans,
// which the auth service knows.

const TYPED_MAX = 64
/**
 * E.123 and the custom of many countries: digits with spaces, hyphens, dots, slashes and brackets between
 * them.
 */
const NUMBER = /^[( ]*\+?[\d ()./-]+$/
const DIGITS_MIN = 5
const DIGITS_MAX = 24

/** A number in the form of E.164, as it is kept and dialled. */
export const Phone = z
  .string()
  .regex(/^\+[1-9]\d{6,14}$/, 'must be in international form, such as +48221234567')

/**
 * Digits of any script, hyphens and brackets of any kind and width as ASCII has them; no marks, single
 * spaces.
 */
export function tidyPhone(typed: string): string {
  const plain = asciiDigits(trimUnseen(typed).normalize('NFKC'))
    .replace(/[\p{Pd}\u2212]/gu, '-')
    .replace(/[\p{Cf}]/gu, '')
    .replace(/^tel:/i, '')
  return trimUnseen(plain).replace(/\s+/gu, ' ')
}

/** What is wrong with a number, whatever country it is of; null where nothing is. */
function objectionTo(number: string): string | null {
  if (/\p{L}/u.test(number)) return 'must be of digits, without an extension and without letters'
  const digits = number.replace(/\D/g, '').length
  if (NUMBER.test(number) && digits >= DIGITS_MIN && digits <= DIGITS_MAX) return null
  return 'must be a telephone number such as +48 22 123 45 67'
}

/**
 * A number that a person typed: with its country, or as it is written at home where the request says where
 * that is.
 */
export const TypedPhone = z
  .string()
  .max(TYPED_MAX, { abort: true, error: 'must be a telephone number such as +48 22 123 45 67' })
  .overwrite(tidyPhone)
  .check(({ value, issues }) => {
    const objection = objectionTo(value)
    if (objection) issues.push({ code: 'custom', input: value, message: objection })
  })
