import * as z from 'zod'
import { trimUnseen } from './tidy.ts'

// Mail addresses as people type, paste and autofill them, normalized to the one stored form: each has one
// account. RFC 5321, 4.1.2 and 4.5.3.1 (syntax and length), RFC 6531 (beyond ASCII), UTS #46 (domain names).

const ADDRESS_MAX = 254
const LOCAL_PART_MAX = 64
/** The most characters that are parsed of an input, which may include a name before the address. */
const TYPED_MAX = 1_000

const ATEXT = "[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
const LOCAL_PART = new RegExp(`^${ATEXT}(?:\\.${ATEXT})*$`)
/** Labels of letters, digits and hyphens, at least two, the last not a number: IP addresses are refused. */
const DOMAIN = /^(?:[a-z0-9][a-z0-9-]*\.)+[a-z][a-z0-9-]*[a-z0-9]$/
/** Nothing that a URL has beside its host. */
const NAME_OF_HOST = /^[^\s/?#@:[\]\\%<>^|]+$/u

/**
 * Normalizes an address: removes the wrapping of `Ada <ada@example.com>` and `mailto:`, spaces, marks and
 * full stops at its ends; full-width characters and ligatures become plain (NFKC), letters lower case, the
 * domain ASCII (UTS #46). An invalid address is returned as far as it could be tidied.
 */
export function addressOf(typed: string): string {
  const bare = trimUnseen(typed)
  const [, bracketed] = /^[^<>]*<([^<>]*)>$/.exec(bare) ?? []
  const address = trimUnseen((bracketed ?? bare).normalize('NFKC').replace(/^mailto:/i, ''))
    .replace(/[.,;\u3002]{1,10}$/, '')
    .toLowerCase()
  const at = address.lastIndexOf('@')
  if (at < 0) return address
  return `${address.slice(0, at)}@${domainOf(address.slice(at + 1))}`
}

/** Returns a domain in ASCII; an invalid one unchanged. */
function domainOf(name: string): string {
  if (/^[a-z0-9.-]*$/.test(name) && !name.includes('xn--')) return name
  return (NAME_OF_HOST.test(name) && URL.parse(`http://${name}/`)?.hostname) || name
}

/** Returns what is wrong with a normalized address; null if it is valid. */
function objectionTo(address: string): string | null {
  const local = address.slice(0, Math.max(0, address.lastIndexOf('@')))
  if (address.includes('"')) return 'must not have quotation marks: such addresses are not supported'
  if (/^[^\s@]+$/u.test(local) && !/^[\x20-\x7e]*$/.test(local))
    return 'must have only unaccented Latin letters before the @: mails to others cannot be sent yet'
  const [, domain = ''] = address.split('@')
  const right = LOCAL_PART.test(local) && DOMAIN.test(domain) && address.split('@').length === 2
  if (!right || local.length > LOCAL_PART_MAX || address.length > ADDRESS_MAX) return NO_ADDRESS
  return null
}
const NO_ADDRESS = 'must be a mail address such as ada@example.com'

/** A mail address that a person typed, normalized. */
export const Email = z
  .string()
  .max(TYPED_MAX, { abort: true, error: NO_ADDRESS })
  .overwrite(addressOf)
  .check(({ value, issues }) => {
    const objection = objectionTo(value)
    if (objection) issues.push({ code: 'custom', input: value, message: objection })
  })
  .meta({ format: 'email', maxLength: ADDRESS_MAX })

/** A stored mail address, in answers and messages: it was validated when it was entered. */
export const KeptEmail = z.string().max(ADDRESS_MAX).meta({ format: 'email' })
