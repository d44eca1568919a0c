import { isIP, type LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'
import { findAddresses, NameNotFound } from './names.ts'

/**
 * Push services that browsers bring, by the hosts that they name: Chrome and most others, Firefox, Safari,
 * Edge.
 */
const wellKnown =
  /^(fcm\.googleapis\.com|updates\.push\.services\.mozilla\.com|web\.push\.apple\.com|[\w-]+\.notify\.windows\.com)$/

const hostOf = ({ hostname }: URL) => hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')

/** Whether a push service is one of those that browsers bring, rather than one that a user may run. */
export const isWellKnown = (endpoint: string): boolean => wellKnown.test(hostOf(new URL(endpoint)))

/** Whether an address is of the internet: neither this machine's nor of a network that is somebody's own. */
export const isPublic = (address: string): boolean =>
  ipaddr.isValid(address) && ipaddr.process(address.replace(/%.*$/, '')).range() === 'unicast'

export class NotPublic extends Error {
  constructor(host: string) {
    super(`${host} is not on the internet`)
  }
}

/**
 * What is wrong with an endpoint; null for nothing. Users write it, and we send there: without this they
 * could have us speak to what is behind our own doors. Hosts of browsers are no exception: nothing answers at
 * another port of theirs, or at a name that is not there.
 */
export async function endpointObjection(
  endpoint: string,
  { privateAddresses }: { privateAddresses: boolean },
  find: typeof findAddresses = findAddresses,
): Promise<string | null> {
  const url = new URL(endpoint)
  if (url.username || url.password) return 'must not have credentials'
  if (privateAddresses) return null
  if (url.port !== '') return 'must be at the port of https'
  const host = hostOf(url)
  const found = isIP(host) ? [host] : await find(host).then(addressesOf, () => [])
  if (found.length === 0) return 'its host is not found'
  return found.every(isPublic) ? null : 'must be on the internet'
}

const addressesOf = (found: readonly { address: string }[]) => found.map(({ address }) => address)

/**
 * Looks hosts up for connections, and refuses one that has an address of no use on the internet: names change
 * what they stand for. Fails with NotPublic, or NameNotFound.
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

/** A connection to an address is made without looking it up. */
export function refusePrivate(endpoint: string): void {
  const host = hostOf(new URL(endpoint))
  if (isIP(host) && !isPublic(host)) throw new NotPublic(host)
}
