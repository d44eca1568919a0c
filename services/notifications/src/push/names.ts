import { Resolver } from 'node:dns/promises'

const LOOKUP_MS = 3_000

/** The name has no address, or no name server answered in time. */
export class NameNotFound extends Error {
  constructor(host: string) {
    super(`${host} was not found`)
  }
}

export interface Address {
  readonly address: string
  readonly family: 4 | 6
}

/**
 * Resolves a host by name servers alone, in 3 s at most; rejects with NameNotFound. Users choose these names:
 * `dns.lookup` would occupy one of the four threads that files and passwords of this process need, for as
 * long as a name server likes.
 */
export async function findAddresses(
  host: string,
  { servers, timeoutMs = LOOKUP_MS }: { servers?: readonly string[]; timeoutMs?: number } = {},
): Promise<Address[]> {
  const resolver = new Resolver({ timeout: timeoutMs, tries: 1 })
  if (servers) resolver.setServers(servers)
  const late = setTimeout(() => resolver.cancel(), timeoutMs)
  try {
    const [v4, v6] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)])
    const found = [...addressesOf(v4, 4), ...addressesOf(v6, 6)]
    if (found.length === 0) throw new NameNotFound(host)
    return found
  } finally {
    clearTimeout(late)
  }
}

const addressesOf = (settled: PromiseSettledResult<string[]>, family: Address['family']): Address[] =>
  settled.status === 'fulfilled' ? settled.value.map((address) => ({ address, family })) : []
