import { lookup } from 'node:dns/promises'
import type { Routes, ServiceKey } from '@boxoffice/contracts'
import type { Client } from '@boxoffice/service-kit/client'
import type { Config } from './config.ts'
import { Failure, failureOf } from './failure.ts'
import { withProcess } from './services.ts'

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
  const { answers, failures } = await askEachProcess(config, service, routes, work)
  for (const failure of failures) throw failure
  return answers
}

/** Does the same, and returns the failures beside the answers. */
export async function askEachProcess<T extends Routes, R>(
  config: Config,
  service: ServiceKey,
  routes: T,
  work: (client: Client<T>) => Promise<R>,
): Promise<{ answers: R[]; failures: Failure[] }> {
  const { url, privateKey } = config.service(service)
  const failures: Failure[] = []
  const note = (error: unknown) => {
    if (!(error instanceof Failure)) throw error
    failures.push(error)
  }
  const addresses = await addressesOf(service, url).catch(note)
  const asked = (addresses ?? []).map((address) =>
    withProcess({ service, url: address, privateKey }, routes, work).then((answer) => ({ answer }), note),
  )
  const answers = (await Promise.all(asked)).flatMap((outcome) => (outcome ? [outcome.answer] : []))
  return { answers, failures }
}

/** A certificate names one host, so a service behind https is asked once. */
async function addressesOf(service: ServiceKey, url: string): Promise<string[]> {
  const { protocol, hostname } = new URL(url)
  if (protocol !== 'http:') return [url]
  try {
    const found = await lookup(hostname.replace(/^\[|\]$/g, ''), { all: true, family: 4 })
    // A name server turns the order at each question.
    const addresses = found.map(({ address }) => address).sort()
    return addresses.map((address) => {
      const each = new URL(url)
      each.hostname = address
      return each.href.replace(/\/$/, '')
    })
  } catch (error) {
    throw new Failure('SERVICE_UNAVAILABLE', `${service} is unavailable at ${url}: ${failureOf(error)}`)
  }
}
