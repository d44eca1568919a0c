import { type Routes, type ServiceKey, services } from '@boxoffice/contracts'
import { type Client, createClient, UnexpectedAnswer, UnreadableAnswer } from '@boxoffice/service-kit/client'
import { createServiceIdentity } from '@boxoffice/service-kit/service-identity'
import type { Config } from './config.ts'
import { Failure, failureOf } from './failure.ts'

const TIMEOUT_MS = 10_000

/** A request without a whole answer; the cause is why. */
class NoAnswer extends Error {}

/**
 * Runs `work` with a client of a service, signed with the key of the command line. Throws a Failure with one
 * sentence if the service is unavailable, refuses the key or answers outside the contract. What else `work`
 * throws passes unchanged.
 */
export const withService = <T extends Routes, R>(
  config: Config,
  service: ServiceKey,
  routes: T,
  work: (client: Client<T>) => Promise<R>,
  { timeoutMs = TIMEOUT_MS } = {},
): Promise<R> => withProcess({ service, ...config.service(service), timeoutMs }, routes, work)

/** One process of a service, and the key that signs calls to it. */
interface Process extends ReturnType<Config['service']> {
  readonly service: ServiceKey
  readonly timeoutMs?: number
}

/** Runs `work` with a client of one process of a service; throws as `withService` does. */
export async function withProcess<T extends Routes, R>(
  process: Process,
  routes: T,
  work: (client: Client<T>) => Promise<R>,
): Promise<R> {
  try {
    return await work(clientOf(process, routes))
  } catch (error) {
    throw failureOfService(error, process) ?? error
  }
}

function clientOf<T extends Routes>(
  { service, url, privateKey, timeoutMs = TIMEOUT_MS }: Process,
  routes: T,
): Client<T> {
  const identity = createServiceIdentity('boxoffice-cli', privateKey)
  return createClient(routes, {
    baseUrl: url,
    headers: () => identity.headersFor(services[service].name),
    send: (address, { operationId: _, ...init }) => fetchWhole(address, init, timeoutMs),
  })
}

/** Reads the body too, as a connection can end in the middle of it. Throws NoAnswer. */
async function fetchWhole(address: string, init: RequestInit, timeoutMs: number): Promise<Response> {
  try {
    const response = await fetch(address, { ...init, signal: AbortSignal.timeout(timeoutMs) })
    const body = await response.arrayBuffer()
    return new Response(body.byteLength > 0 ? body : null, response)
  } catch (error) {
    throw new NoAnswer('no answer', { cause: error })
  }
}

/** Returns what went wrong between us and a service, and what to check; null for any other error. */
function failureOfService(error: unknown, { service, url }: Process): Failure | null {
  if (error instanceof NoAnswer)
    return new Failure(
      'SERVICE_UNAVAILABLE',
      `${service} is unavailable at ${url}: ${failureOf(error.cause)}`,
    )
  if (error instanceof UnreadableAnswer)
    return new Failure(
      'UNEXPECTED_ANSWER',
      `what listens at ${url} does not answer as ${service} of this version does`,
    )
  if (!(error instanceof UnexpectedAnswer)) return null
  if (error.status === 401 || error.status === 403)
    return new Failure(
      'REFUSED',
      `${service} does not accept our key: does SERVICE_PRIVATE_KEY belong to that system?`,
    )
  const { message } = (error.body ?? {}) as { message?: string }
  return new Failure('REFUSED', `${service} answered ${error.status}${message ? `: ${message}` : ''}`)
}

/** Returns every page of a list, up to `limit` items. */
export async function collectPages<T>(
  limit: number,
  page: (cursor: string | undefined) => Promise<{ items: readonly T[]; nextCursor: string | null }>,
): Promise<T[]> {
  const items: T[] = []
  for (let cursor: string | null | undefined; cursor !== null && items.length < limit; ) {
    const { items: more, nextCursor } = await page(cursor)
    items.push(...more)
    cursor = nextCursor
  }
  return items.slice(0, limit)
}
