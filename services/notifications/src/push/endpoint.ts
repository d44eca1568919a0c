import { isIP, type LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'
import { findAddresses, NameNotFound } from './names.ts'

/** Hosts of the push services that browsers come with: Chrome and most others, Firefox, Safari, Edge. */
const wellKnown = [
  /^fcm\.googleapis\.com$/,
  /^updates\.push\.services\.mozilla\.com$/,
  /^web\.push\.apple\.com$/,
  /^[\w-]+\.notify\.windows\.com$/,
]

const hostOf = ({ hostname }: URL) => hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')

/** Whether a push service is built into browsers, rather than one that a user may run. */
export const isWellKnown = (endpoint: string): boolean =>
  wellKnown.some((host) => host.test(hostOf(new URL(endpoint))))

/** Whether an address is public: neither local nor in a private network. */
export const isPublic = (address: string): boolean =>
  ipaddr.isValid(address) && ipaddr.process(address.replace(/%.*$/, '')).range() === 'unicast'

export class NotPublic extends Error {
  constructor(host: string) {
    super(`${host} is not a public address`)
  }
}

/**
 * Returns what is wrong with an endpoint; null if nothing. Users choose endpoints and we send requests there,
 * so this prevents requests into our own network (SSRF). Hosts of browsers are checked too: another port, or
 * a name that does not resolve, is refused.
 */
export async function endpointObjection(
  endpoint: string,
  { privateAddresses }: { privateAddresses: boolean },
  find: typeof findAddresses = findAddresses,
): Promise<string | null> {
  const url = new URL(endpoint)
  if (url.username || url.password) return 'must not have credentials'
  if (privateAddresses) return null
  if (url.port !== '') return 'must use the default port of https'
  const host = hostOf(url)
  const found = isIP(host) ? [host] : await find(host).then(addressesOf, () => [])
  if (found.length === 0) return 'its host was not found'
  return found.every(isPublic) ? null : 'must have a public address'
}

const addressesOf = (found: readonly { address: string }[]) => found.map(({ address }) => address)

/**
 * Creates a DNS lookup for connections that refuses hosts with a non-public address, because names can be
 * re-pointed after the check. Fails with NotPublic or NameNotFound.
 */
export const createPublicLookup =
  (find: typeof findAddresses = findAddresses): LookupFunction =>
  (host, { all, family }, callback) => {
    const judge = async () => {
      const found = await find(host)
      if (!addressesOf(found).every(isPublic)) throw new NotPublic(host)
      const fitting = found.filter((one) => (family !== 4 && family !== 6 ? true : one.family === family))
      const [first] = fitting
      if (!first) throw new NameNotFound(host)
      return { first, fitting }
    }
    judge().then(
      ({ first, fitting }) => (all ? callback(null, fitting) : callback(null, first.address, first.family)),
      (error) => callback(error, ''),
    )
  }

/** Throws NotPublic for a private IP address: connections to addresses need no lookup. */
export function refusePrivate(endpoint: string): void {
  const host = hostOf(new URL(endpoint))
  if (isIP(host) && !isPublic(host)) throw new NotPublic(host)
}
