import type { ServiceKey } from '@boxoffice/contracts'

/** What a service spends on something, as it counts it itself; spans as the collector has them. */
export interface Spent {
  transactions: number
  statements: number
  /** Requests that it served. */
  requests: number
  published: number
  consumed: number
  spans: number
}
export const units = ['transactions', 'statements', 'requests', 'published', 'consumed', 'spans'] as const

/** The sum of a counter over those of its samples that `matches` takes; 0 where there are none. */
function sumOf(exposition: string, name: string, matches: (labels: string) => boolean = () => true): number {
  return exposition
    .split('\n')
    .map((line) => /^(\w+)\{([^}]*)\} (\S+)$/.exec(line))
    .filter((sample) => sample?.[1] === name && matches(sample[2] ?? ''))
    .reduce((sum, sample) => sum + Number(sample?.[3]), 0)
}

const isWork = (labels: string) => labels.includes('kind="work"')
/** Reading these figures is a request, too. */
const isOurs = (labels: string) => !labels.includes('/actuator/')

/** What a service has spent since it was started, but for spans. */
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

/** As a table for a terminal, with what is more than its budget marked. */
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
