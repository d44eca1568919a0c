import pc from 'picocolors'
import { type Column, renderTable } from '../output/table.ts'
import { findingsOf, type QueueState, type Report, type ServiceState } from './report.ts'

/** Renders the report as a page for a terminal of 80 columns. */
export function renderReport(report: Report, options: { colours: boolean }): string {
  const colours = pc.createColors(options.colours)
  const { bold, dim, green, yellow } = colours
  const findings = findingsOf(report)
  const headline =
    findings.length === 0 ? green(bold('All is well')) : yellow(bold('Some things need attention'))
  return [
    `${headline}  ${dim(report.checkedAt.toISOString())}`,
    '',
    renderTable(serviceColumns, report.services, options.colours),
    renderTable(queueColumns, report.queues, options.colours).trimEnd(),
    ...sagaLines(report.services),
    ...(findings.length > 0
      ? ['', bold('Look at'), ...findings.map((finding) => `  ${yellow('•')} ${finding}`)]
      : []),
    '',
  ].join('\n')
}

function sagaLines(services: readonly ServiceState[]): string[] {
  const sagas = services.find((state) => state.sagas)?.sagas
  if (!sagas) return []
  const states = Object.entries(sagas).map(([state, count]) => `${count} ${state}`)
  return ['', `Purchases in progress: ${states.join(', ') || 'none'}`]
}

/** Returns the report for programs. */
export function documentOf(report: Report): object {
  const findings = findingsOf(report)
  return { healthy: findings.length === 0, findings, ...report }
}

const serviceColumns: readonly Column<ServiceState>[] = [
  { title: 'SERVICE', text: ({ service }) => service },
  {
    title: 'STATUS',
    text: ({ status }) => status,
    paint: ({ status }) => (status === 'UP' ? 'green' : status === 'DEGRADED' ? 'yellow' : 'red'),
  },
  {
    title: 'OLDEST UNPUBLISHED',
    right: true,
    text: ({ oldestUnpublishedSeconds: age }) => (age === null ? null : `${age.toFixed(age < 10 ? 1 : 0)} s`),
  },
  {
    title: 'COMPONENTS',
    text: ({ failure, components }) =>
      failure ??
      Object.entries(components)
        .map(([name, component]) => (component === 'UP' ? name : `${name} ${component}`))
        .join(', '),
  },
]

const isDead = ({ deadLettersOf }: QueueState) => deadLettersOf !== undefined
const queueColumns: readonly Column<QueueState>[] = [
  {
    title: 'QUEUE',
    text: (state) => (isDead(state) ? `  ${state.queue}` : state.queue),
    paint: (state) => (isDead(state) ? 'dim' : undefined),
  },
  {
    title: 'VISIBLE',
    right: true,
    text: ({ depth }) => depth?.visible,
    paint: (state) => (isDead(state) && state.depth?.visible ? 'red' : undefined),
  },
  {
    title: 'IN FLIGHT',
    right: true,
    text: ({ depth }) => depth?.inFlight,
    paint: (state) => (isDead(state) && state.depth?.inFlight ? 'red' : undefined),
  },
]
