import {
  analyticsInvariantRoutes,
  authInvariantRoutes,
  eventsInvariantRoutes,
  type InvariantResult,
  type InvariantRoutes,
  notificationsInvariantRoutes,
  paymentsInvariantRoutes,
  type ServiceKey,
  serviceKeys,
  ticketsInvariantRoutes,
} from '@boxoffice/contracts'
import type { Config } from '../config.ts'
import type { Result } from '../framework/command.ts'
import { counted } from '../framework/words.ts'
import { type Column, printable, renderTable } from '../output/table.ts'
import { withService } from '../services.ts'
import type { Terminal } from '../terminal.ts'

const routes: Readonly<Record<ServiceKey, InvariantRoutes>> = {
  auth: authInvariantRoutes,
  events: eventsInvariantRoutes,
  tickets: ticketsInvariantRoutes,
  payments: paymentsInvariantRoutes,
  notifications: notificationsInvariantRoutes,
  analytics: analyticsInvariantRoutes,
}
/** Services check as long as 30 s for each of their invariants. */
const TIMEOUT_MS = 300_000

interface Row extends InvariantResult {
  service: ServiceKey
  /** What the result means now: work in progress contradicts some invariants for a while. */
  verdict: 'holds' | 'violated' | 'in progress' | 'not checked'
}

/** Checks the invariants of one service, or of all; the exit code is 1 if one is violated. */
export async function showInvariants(
  config: Config,
  service: ServiceKey | undefined,
  { idle }: { idle: boolean },
  { colours }: Pick<Terminal, 'colours'>,
): Promise<Result> {
  const keys = service ? [service] : serviceKeys
  const found = await Promise.all(keys.map((key) => resultsOf(config, key, idle)))
  const rows = found.flat().sort((a, b) => numberOf(a) - numberOf(b))
  const bad = rows.filter(({ verdict }) => verdict === 'violated' || verdict === 'not checked')
  const held = counted(
    rows.filter(({ verdict }) => verdict === 'holds').length,
    'invariant holds',
    'invariants hold',
  )
  const busy = rows.filter(({ verdict }) => verdict === 'in progress').length
  const totals = [
    held,
    ...(busy > 0 ? [`${busy} not counted while work is in progress`] : []),
    `${bad.length} violated or not checked`,
  ]
  const examples = bad.flatMap(({ invariant, service, examples }) =>
    examples.map((row) => `  ${invariant} ${service} ${printable(JSON.stringify(row)).slice(0, 300)}`),
  )
  return {
    document: { invariants: rows.map(({ verdict: _, ...row }) => row) },
    text: `${[renderTable(columns, rows, colours), totals.join(', '), ...examples].join('\n')}\n`,
    exitCode: bad.length > 0 ? 1 : 0,
  }
}

const resultsOf = (config: Config, service: ServiceKey, idle: boolean): Promise<Row[]> =>
  withService(
    config,
    service,
    routes[service],
    async (client) => {
      const { body } = await client.checkInvariants({})
      return body.invariants.map((result) => ({ service, verdict: verdictOf(result, idle), ...result }))
    },
    { timeoutMs: TIMEOUT_MS },
  )

function verdictOf({ violations, holds }: InvariantResult, idle: boolean): Row['verdict'] {
  if (violations === null) return 'not checked'
  if (violations === 0) return 'holds'
  return holds === 'ALWAYS' || idle ? 'violated' : 'in progress'
}

const numberOf = ({ invariant }: Row) => Number(invariant.slice(1))

const columns: readonly Column<Row>[] = [
  { title: 'NO.', text: ({ invariant }) => invariant },
  { title: 'SERVICE', text: ({ service }) => service },
  {
    title: 'RESULT',
    text: ({ verdict, violations }) =>
      verdict === 'holds' ? verdict : `${verdict}: ${violations ?? 'too slow'}`,
    paint: ({ verdict }) => (verdict === 'holds' ? 'green' : verdict === 'in progress' ? 'yellow' : 'red'),
  },
  { title: 'MS', right: true, text: ({ tookMs }) => tookMs },
  { title: 'WHAT MUST HOLD', text: ({ statement }) => statement },
]
