import type { ServiceKey } from '@boxoffice/contracts'
import { Failure } from '../failure.ts'
import type { Call, Result } from '../framework/command.ts'
import { suggestionFor } from '../framework/suggestion.ts'
import { counted } from '../framework/words.ts'
import { operatorRoutes } from '../operator-routes.ts'
import { withEachProcess } from '../processes.ts'
import { cachesOf } from './stats.ts'

/** Clears a cache in every process of its service. */
export async function clearCache(
  { config, dryRun, confirm }: Pick<Call, 'config' | 'dryRun' | 'confirm'>,
  service: ServiceKey,
  name: string,
): Promise<Result> {
  const caches = await cachesOf(config, service)
  const found = caches.filter((cache) => cache.name === name)
  if (found.length === 0) {
    const names = [...new Set(caches.map((cache) => cache.name))]
    const those = names.length > 0 ? `it has ${names.join(', ')}` : 'it has none'
    throw new Failure(
      'CACHE_NOT_FOUND',
      `${service} has no cache ${name}; ${those}${suggestionFor(name, names)}`,
    )
  }
  const entries = found.some(({ shared }) => shared)
    ? (found[0]?.entries ?? 0)
    : found.reduce((total, cache) => total + (cache.entries ?? 0), 0)
  const what = `${counted(entries, 'entry', 'entries')} of the cache ${name} of ${service}`
  const document = { service, name, processes: found.length, entries, dryRun }
  if (dryRun) return { document, text: `${what} would be cleared. Nothing was changed.\n` }
  await confirm(`Clear ${what}?`)
  await withEachProcess(config, service, operatorRoutes[service], async (client) => {
    const answer = await client.clearCache({ params: { name } })
    if (answer.status !== 204) throw new Failure(answer.body.error, `${service}: ${answer.body.message}`)
  })
  return { document, text: `cleared ${what}, in ${counted(found.length, 'process', 'processes')}\n` }
}
