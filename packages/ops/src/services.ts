import { type Routes, type ServiceKey, services } from '@boxoffice/contracts'
import { type Client, createClient, UnexpectedAnswer } from '@boxoffice/service-kit/client'
import { createServiceIdentity } from '@boxoffice/service-kit/service-identity'
import type { Config } from './config.ts'
import { Failure, failureOf, InputError } from './failure.ts'

const TIMEOUT_MS = 10_000

/**
 * Runs `work` with a client of a service, signed with the key of the command line. Throws a Failure with one
 * sentence if the service is unavailable or refuses the key.
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
    if (error instanceof Failure || error instanceof InputError) throw error
    throw new Failure(
      error instanceof UnexpectedAnswer ? 'REFUSED' : 'SERVICE_UNAVAILABLE',
      reasonOf(error, process),
    )
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
    send: (address, { operationId: _, ...init }) =>
      fetch(address, { ...init, signal: AbortSignal.timeout(timeoutMs) }),
  })
}

/** Returns why a request to a service failed, and what to check. */
function reasonOf(error: unknown, { service, url }: Process): string {
  if (!(error instanceof UnexpectedAnswer)) return `${service} is unavailable at ${url}: ${failureOf(error)}`
  if (error.status === 401 || error.status === 403)
    return `${service} does not accept our key: does SERVICE_PRIVATE_KEY belong to that system?`
  const { message } = (error.body ?? {}) as { message?: string }
  return `${service} answered ${error.status}${message ? `: ${message}` : ''}`
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
