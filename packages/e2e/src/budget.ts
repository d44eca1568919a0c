import type { ServiceKey } from '@boxoffice/contracts'

/** What a service spent, by its own counters; `spans` are counted by the collector. */
export interface Spent {
  transactions: number
  statements: number
  /** Requests served. */
  requests: number
  published: number
  consumed: number
  spans: number
}
export const units = ['transactions', 'statements', 'requests', 'published', 'consumed', 'spans'] as const

/** Sums the samples of a counter whose labels match; 0 if there are none. */
function sumOf(exposition: string, name: string, matches: (labels: string) => boolean = () => true): number {
  return exposition
    .split('\n')
    .map((line) => /^(\w+)\{([^}]*)\} (\S+)$/.exec(line))
    .filter((sample) => sample?.[1] === name && matches(sample[2] ?? ''))
    .reduce((sum, sample) => sum + Number(sample?.[3]), 0)
}

const isWork = (labels: string) => labels.includes('kind="work"')
/** Excludes the request that reads these figures. */
const isOurs = (labels: string) => !labels.includes('/actuator/')

/** Reads what a service has spent since its start, except spans. */
export async function readSpent(url: string): Promise<Omit<Spent, 'spans'>> {
  const exposition = await (await fetch(`${url}/actuator/prometheus`)).text()
  return {
    transactions: sumOf(exposition, 'database_transactions_total', isWork),
    statements: sumOf(exposition, 'database_statements_total', isWork),
    requests: sumOf(exposition, 'http_server_request_duration_seconds_count', isOurs),
    published: sumOf(exposition, 'messages_published_total'),
    consumed: sumOf(exposition, 'messages_consumed_total'),
  }
}

export type Budget = Readonly<Partial<Record<ServiceKey, Readonly<Spent>>>>

/** Formats spending against a budget as a table; `!` marks values over budget. */
export function budgetTable(spent: Budget, budget: Budget): string {
  const line = (cells: readonly string[]) =>
    cells.map((cell, index) => (index === 0 ? cell.padEnd(14) : cell.padStart(14))).join('')
  const services = Object.keys(spent) as ServiceKey[]
  const cellOf = (service: ServiceKey, unit: keyof Spent) => {
    const [is, may] = [spent[service]?.[unit] ?? 0, budget[service]?.[unit] ?? 0]
    return `${is} of ${may}${is > may ? ' !' : ''}`
  }
  const sumOfUnit = (of: Budget, unit: keyof Spent) =>
    services.reduce((sum, service) => sum + (of[service]?.[unit] ?? 0), 0)
  return [
    line(['', ...units]),
    ...services.map((service) => line([service, ...units.map((unit) => cellOf(service, unit))])),
    line(['all', ...units.map((unit) => `${sumOfUnit(spent, unit)} of ${sumOfUnit(budget, unit)}`)]),
  ].join('\n')
}
