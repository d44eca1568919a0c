import * as z from 'zod'
import { trimUnseen } from './tidy.ts'

// A mail address as people type, paste and autofill it, and the one spelling that is kept: of it there is one
// account. RFC 5321, 4.1.2 and 4.5.3.1 (what an address is, and how long), RFC 6531 (beyond ASCII), UTS #46
// (names of domains).

const ADDRESS_MAX = 254
const LOCAL_PART_MAX = 64
/** What is read of something that may hold an address, with a name before it. */
const TYPED_MAX = 1_000

const ATEXT = "[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
const LOCAL_PART = new RegExp(`^${ATEXT}(?:\\.${ATEXT})*$`)
/**
 * Labels of letters, digits and hyphens, at least two, the last of which is no number: an address is none of
 * a machine.
 */
const DOMAIN = /^(?:[a-z0-9][a-z0-9-]*\.)+[a-z][a-z0-9-]*[a-z0-9]$/
/** Nothing that a URL has beside its host: what is left is a host or nothing. */
const NAME_OF_HOST = /^[^\s/?#@:[\]\\%<>^|]+$/u

/**
 * An address in its one spelling: as in `Ada <ada@example.com>` and `mailto:ada@example.com` without what is
 * around it, without spaces, marks and full stops at its ends, full-width characters and ligatures plain
 * (NFKC), in lower case, its domain in ASCII (UTS #46). What is no address comes back as it is, tidied as far
 * as it goes.
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

/** A domain in ASCII; what is none as it is. */
function domainOf(name: string): string {
  if (/^[a-z0-9.-]*$/.test(name) && !name.includes('xn--')) return name
  return (NAME_OF_HOST.test(name) && URL.parse(`http://${name}/`)?.hostname) || name
}

/** What is wrong with an address in its one spelling; null where nothing is. */
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

/** A mail address that a person typed, in the one spelling that is kept. */
export const Email = z
  .string()
  .max(TYPED_MAX, { abort: true, error: NO_ADDRESS })
  .overwrite(addressOf)
  .check(({ value, issues }) => {
    const objection = objectionTo(value)
    if (objection) issues.push({ code: 'custom', input: value, message: objection })
  })
  .meta({ format: 'email', maxLength: ADDRESS_MAX })

/** A mail address as it is kept, in answers and messages: it was held to what was right when it was typed. */
export const KeptEmail = z.string().max(ADDRESS_MAX).meta({ format: 'email' })
