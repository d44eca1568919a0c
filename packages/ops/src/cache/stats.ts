import { type CacheFigures, type ServiceKey, serviceKeys } from '@boxoffice/contracts'
import type { Config } from '../config.ts'
import type { Result } from '../framework/command.ts'
import { counted } from '../framework/words.ts'
import { operatorRoutes } from '../operator-routes.ts'
import { type Column, renderTable } from '../output/table.ts'
import { withEachProcess } from '../processes.ts'
import type { Terminal } from '../terminal.ts'

interface Row extends CacheFigures {
  service: ServiceKey
  instance: string
}

/** Shows the caches of one service, or of all, of each process. */
export async function showCaches(
  config: Config,
  service: ServiceKey | undefined,
  { colours }: Pick<Terminal, 'colours'>,
): Promise<Result> {
  const asked = (service ? [service] : serviceKeys).map((key) => cachesOf(config, key))
  const caches = (await Promise.all(asked)).flat()
  const table = caches.length > 0 ? `${renderTable(columns, caches, colours)}\n` : ''
  const [hits, misses] = [sum(caches, 'hits'), sum(caches, 'misses')]
  const rate = hits + misses === 0 ? '' : `, ${percent(hits / (hits + misses))} of ${hits + misses} reads hit`
  const total =
    `${counted(sumOfEntries(caches), 'entry', 'entries')} in ` + `${counted(caches.length, 'cache')}${rate}`
  return { document: { caches }, text: `${table}${total}\n` }
}

export const cachesOf = async (config: Config, service: ServiceKey): Promise<Row[]> => {
  const answers = await withEachProcess(config, service, operatorRoutes[service], async (client) => {
    const { instance, caches } = (await client.getCaches({})).body
    return caches.map((cache) => ({ service, instance, ...cache }))
  })
  return answers.flat()
}

const sum = (caches: readonly Row[], figure: 'hits' | 'misses') =>
  caches.reduce((total, cache) => total + cache[figure], 0)

/** A shared cache counts once, however many processes report it. */
function sumOfEntries(caches: readonly Row[]): number {
  const counted = new Map<string, number>()
  for (const { service, instance, name, shared, entries } of caches)
    counted.set([service, name, shared ? '' : instance].join(' '), entries ?? 0)
  return [...counted.values()].reduce((total, entries) => total + entries, 0)
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
