import { type CacheFigures, type ServiceKey, serviceKeys } from '@boxoffice/contracts'
import type { Config } from '../config.ts'
import type { Result } from '../framework/command.ts'
import { counted } from '../framework/words.ts'
import { operatorRoutes } from '../operator-routes.ts'
import { type Column, printable, renderTable } from '../output/table.ts'
import { askEachProcess } from '../processes.ts'
import type { Terminal } from '../terminal.ts'

interface Row extends CacheFigures {
  service: ServiceKey
  instance: string
}

/**
 * Shows the caches of one service, or of all, of each process; a process that is unavailable does not hide
 * the others. Throws a Failure if only one service is asked and no process of it answers.
 */
export async function showCaches(
  config: Config,
  service: ServiceKey | undefined,
  { colours }: Pick<Terminal, 'colours'>,
): Promise<Result> {
  const asked = (service ? [service] : serviceKeys).map((key) => askCaches(config, key))
  const answered = await Promise.all(asked)
  const caches = answered.flatMap(({ answers }) => answers.flat())
  const failures = answered.flatMap(({ failures }) => failures)
  const [failure] = failures
  if (failure && asked.length === 1 && caches.length === 0) throw failure
  const incomplete = failures.map(({ message }) => message)
  const table = caches.length > 0 ? `${renderTable(columns, caches, colours)}\n` : ''
  const lines = [totalOf(caches), ...incomplete.map((why) => `incomplete: ${printable(why)}`)]
  return {
    document: { caches, incomplete },
    text: `${table}${lines.join('\n')}\n`,
    exitCode: failure ? 1 : 0,
  }
}

/** Returns the caches of every process of a service. Throws a Failure if one is unavailable. */
export async function cachesOf(config: Config, service: ServiceKey): Promise<Row[]> {
  const { answers, failures } = await askCaches(config, service)
  for (const failure of failures) throw failure
  return answers.flat()
}

const askCaches = (config: Config, service: ServiceKey) =>
  askEachProcess(config, service, operatorRoutes[service], async (client): Promise<Row[]> => {
    const { instance, caches } = (await client.getCaches({})).body
    return caches.map((cache) => ({ service, instance, ...cache }))
  })

/** The sum in words. */
export function totalOf(caches: readonly Row[]): string {
  const entries = entriesByCache(caches)
  const [hits, misses] = [sum(caches, 'hits'), sum(caches, 'misses')]
  const rate = hits + misses === 0 ? '' : `, ${percent(hits / (hits + misses))} of ${hits + misses} reads hit`
  const all = [...entries.values()].reduce((total, some) => total + some, 0)
  return `${counted(all, 'entry', 'entries')} in ${counted(entries.size, 'cache')}${rate}`
}

const sum = (caches: readonly Row[], figure: 'hits' | 'misses') =>
  caches.reduce((total, cache) => total + cache[figure], 0)

/** A shared cache counts once, however many processes report it. */
function entriesByCache(caches: readonly Row[]): Map<string, number> {
  const counted = new Map<string, number>()
  for (const { service, instance, name, shared, entries } of caches)
    counted.set([service, name, shared ? '' : instance].join(' '), entries ?? 0)
  return counted
}

const percent = (rate: number) => `${(rate * 100).toFixed(1)} %`

const columns: readonly Column<Row>[] = [
  { title: 'SERVICE', text: ({ service }) => service },
  { title: 'CACHE', text: ({ name }) => name },
  { title: 'PROCESS', text: ({ instance }) => instance },
  { title: 'WHERE', text: ({ shared }) => (shared ? 'Redis' : 'memory') },
  { title: 'ENTRIES', right: true, text: ({ entries }) => entries },
  { title: 'HITS', right: true, text: ({ hits }) => hits },
  { title: 'MISSES', right: true, text: ({ misses }) => misses },
  { title: 'HIT RATE', right: true, text: ({ hitRate }) => (hitRate === null ? null : percent(hitRate)) },
]
