import { lookup } from 'node:dns/promises'
import type { Routes, ServiceKey } from '@boxoffice/contracts'
import type { Client } from '@boxoffice/service-kit/client'
import type { Config } from './config.ts'
import { Failure, failureOf, InputError } from './failure.ts'
import { clientOf, reasonOf } from './services.ts'

/**
 * Runs `work` with a client of every process of a service: each address that its name resolves to. Throws a
 * Failure if one is unavailable.
 */
export async function withEachProcess<T extends Routes, R>(
  config: Config,
  service: ServiceKey,
  routes: T,
  work: (client: Client<T>) => Promise<R>,
): Promise<R[]> {
  const { url, privateKey } = config.service(service)
  const addresses = await addressesOf(service, url)
  return Promise.all(
    addresses.map(async (address) => {
      try {
        return await work(clientOf(service, address, privateKey, routes))
      } catch (error) {
        if (error instanceof Failure || error instanceof InputError) throw error
        throw new Failure('SERVICE_UNAVAILABLE', reasonOf(error, service, address))
      }
    }),
  )
}

/** A certificate names one host, so a service behind https is asked once. */
async function addressesOf(service: ServiceKey, url: string): Promise<string[]> {
  const { protocol, hostname } = new URL(url)
  if (protocol !== 'http:') return [url]
  try {
    const found = await lookup(hostname.replace(/^\[|\]$/g, ''), { all: true, family: 4 })
    return found.map(({ address }) => {
      const each = new URL(url)
      each.hostname = address
      return each.href.replace(/\/$/, '')
    })
  } catch (error) {
    throw new Failure('SERVICE_UNAVAILABLE', `${service} is unavailable at ${url}: ${failureOf(error)}`)
  }
}
