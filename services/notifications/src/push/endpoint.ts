import { lookup as lookUp } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { promisify } from 'node:util'
import ipaddr from 'ipaddr.js'

/** Push services that browsers bring: those of Chrome and most others, Firefox, Safari, Edge. */
const wellKnown = ['fcm.googleapis.com', '.push.services.mozilla.com', '.push.apple.com', '.notify.windows.com']

const hostOf = ({ hostname }: URL) => hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')

/** Whether a push service is one of those that browsers bring, rather than one that a user may run. */
export const isWellKnown = (endpoint: string): boolean => {
  const host = hostOf(new URL(endpoint))
  return wellKnown.some((known) => (known.startsWith('.') ? host.endsWith(known) : host === known))
}

/** Whether an address is of the internet: neither this machine's nor of a network that is somebody's own. */
export const isPublic = (address: string): boolean =>
  ipaddr.isValid(address) && ipaddr.process(address.replace(/%.*$/, '')).range() === 'unicast'

export class NotPublic extends Error {
  constructor(host: string) {
    super(`${host} is not on the internet`)
  }
}

const find = promisify(lookUp)
const LOOKUP_MS = 3_000

/**
 * What is wrong with an endpoint; null for nothing. Users write it, and we send there: without this they could have us speak to what
 * is behind our own doors.
 */
export async function objectionTo(endpoint: string, { privateAddresses }: { privateAddresses: boolean }): Promise<string | null> {
  const url = new URL(endpoint)
  if (url.username || url.password) return 'must not have credentials'
  if (privateAddresses || isWellKnown(endpoint)) return null
  if (url.port !== '') return 'must be at the port of https'
  const host = hostOf(url)
  const found = isIP(host) ? [{ address: host }] : await addressesOf(host)
  if (found.length === 0) return 'its host is not found'
  return found.every(({ address }) => isPublic(address)) ? null : 'must be on the internet'
}

async function addressesOf(host: string) {
  const late = new Promise<[]>((resolve) => setTimeout(resolve, LOOKUP_MS, []).unref())
  return Promise.race([find(host, { all: true }).catch(() => []), late])
}

/** Looks a host up for a connection, and refuses one that has an address of no use on the internet: names change what they stand for. */
export const publicLookup: LookupFunction = (host, options, callback) => {
  lookUp(host, { ...options, all: true }, (error, found) => {
    if (error) return callback(error, '')
    const first = found[0]
    if (!first || !found.every(({ address }) => isPublic(address))) return callback(new NotPublic(host), '')
    if (options.all) return callback(null, found)
    return callback(null, first.address, first.family)
  })
}

/** A connection to an address is made without looking it up. */
export function refusePrivate(endpoint: string): void {
  const host = hostOf(new URL(endpoint))
  if (isIP(host) && !isPublic(host)) throw new NotPublic(host)
}
