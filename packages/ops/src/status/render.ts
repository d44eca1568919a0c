import pc from 'picocolors'
import { findingsOf, type QueueState, type Report, type ServiceState } from './report.ts'

type Colours = ReturnType<typeof pc.createColors>
type Paint = (text: string) => string

const UNKNOWN = '–'

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
    ...table(
      colours,
      [
        { title: 'SERVICE' },
        { title: 'STATUS' },
        { title: 'OLDEST UNPUBLISHED', right: true },
        { title: 'COMPONENTS' },
      ],
      report.services.map((state) => serviceRow(colours, state)),
    ),
    '',
    ...table(
      colours,
      [{ title: 'QUEUE' }, { title: 'VISIBLE', right: true }, { title: 'IN FLIGHT', right: true }],
      report.queues.map((state) => queueRow(colours, state)),
    ),
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

/** Renders the report for programs. */
export const renderJson = (report: Report): string => {
  const findings = findingsOf(report)
  return `${JSON.stringify({ healthy: findings.length === 0, findings, ...report }, null, 2)}\n`
}

interface Cell {
  text: string
  paint?: Paint
}

function serviceRow(
  colours: Colours,
  { service, status, components, oldestUnpublishedSeconds: age, failure }: ServiceState,
): Cell[] {
  const parts = Object.entries(components).map(([name, component]) =>
    component === 'UP' ? name : `${name} ${component}`,
  )
  return [
    { text: service },
    {
      text: status,
      paint: status === 'UP' ? colours.green : status === 'DEGRADED' ? colours.yellow : colours.red,
    },
    { text: age === null ? UNKNOWN : `${age.toFixed(age < 10 ? 1 : 0)} s` },
    { text: failure ?? parts.join(', ') },
  ]
}

function queueRow(colours: Colours, { queue, deadLettersOf, depth }: QueueState): Cell[] {
  const isDead = deadLettersOf !== undefined
  const figure = (count: number | undefined): Cell => ({
    text: count === undefined ? UNKNOWN : String(count),
    paint: isDead && count ? colours.red : undefined,
  })
  return [
    { text: isDead ? `  ${queue}` : queue, paint: isDead ? colours.dim : undefined },
    figure(depth?.visible),
    figure(depth?.inFlight),
  ]
}

/** Aligns columns to their widest cell. Colours come after padding: escape codes have no width. */
function table(
  colours: Colours,
  columns: readonly { title: string; right?: boolean }[],
  rows: readonly Cell[][],
): string[] {
  const widths = columns.map(({ title }, index) =>
    Math.max(title.length, ...rows.map((row) => row[index]?.text.length ?? 0)),
  )
  const line = (cells: readonly Cell[]) =>
    cells
      .map(({ text, paint = (same: string) => same }, index) => {
        const width = widths[index] ?? 0
        const isLast = index === columns.length - 1
        return paint(columns[index]?.right ? text.padStart(width) : isLast ? text : text.padEnd(width))
      })
      .join('   ')
      .trimEnd()
  return [line(columns.map(({ title }) => ({ text: title, paint: colours.dim }))), ...rows.map(line)]
}
