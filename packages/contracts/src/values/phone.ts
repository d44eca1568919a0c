import * as z from 'zod'
import { asciiDigits, trimUnseen } from './tidy.ts'

// Phone numbers as people type, paste and autofill them. Numbering plans, which the auth service knows,
// decide their meaning.

const TYPED_MAX = 64
/** E.123 and common practice: digits with spaces, hyphens, dots, slashes and brackets between them. */
const NUMBER = /^[( ]*\+?[\d ()./-]+$/
const DIGITS_MIN = 5
const DIGITS_MAX = 24

/** A number in E.164 form, as it is stored and dialled. */
export const Phone = z
  .string()
  .regex(/^\+[1-9]\d{6,14}$/, 'must be in international form, such as +48221234567')

/** Digits of any script, hyphens and brackets of any kind and width become ASCII; no marks, single spaces. */
export function tidyPhone(typed: string): string {
  const plain = asciiDigits(trimUnseen(typed).normalize('NFKC'))
    .replace(/[\p{Pd}\u2212]/gu, '-')
    .replace(/[\p{Cf}]/gu, '')
    .replace(/^tel:/i, '')
  return trimUnseen(plain).replace(/\s+/gu, ' ')
}

/** Returns what is wrong with a number in any country; null if nothing. */
function objectionTo(number: string): string | null {
  if (/\p{L}/u.test(number)) return 'must be of digits, without an extension and without letters'
  const digits = number.replace(/\D/g, '').length
  if (NUMBER.test(number) && digits >= DIGITS_MIN && digits <= DIGITS_MAX) return null
  return 'must be a telephone number such as +48 22 123 45 67'
}

/** A number that a person typed: international, or national if the request names the country. */
export const TypedPhone = z
  .string()
  .max(TYPED_MAX, { abort: true, error: 'must be a telephone number such as +48 22 123 45 67' })
  .overwrite(tidyPhone)
  .check(({ value, issues }) => {
    const objection = objectionTo(value)
    if (objection) issues.push({ code: 'custom', input: value, message: objection })
  })
