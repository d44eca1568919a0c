import type { ReceivedSpan } from './otlp.ts'
import { remarkOf, rowsOf, shortName, summaryOf } from './trace.ts'

const BEGAN_WIDTH = 7
const TOOK_WIDTH = 10

/**
 * Renders a trace as a tree for a terminal: start and duration of each span in milliseconds, service, and
 * name.
 */
export function treeText(traceId: string, spans: readonly ReceivedSpan[]): string {
  const { root, startMs, durationMs, services, failed } = summaryOf(traceId, spans)
  const width = Math.max(...services.map((service) => shortName(service).length))
  const lines = rowsOf(spans).map(({ span, goesOn }) => {
    const name = [span.name, remarkOf(span)].filter(Boolean).join('  ')
    const began = (span.startMs - startMs).toFixed(0).padStart(BEGAN_WIDTH)
    const took = (span.endMs - span.startMs).toFixed(1).padStart(TOOK_WIDTH)
    return `${began}${took}  ${shortName(span.service).padEnd(width)}  ${branchesOf(goesOn)}${name}`
  })
  const count =
    `${spans.length} span${spans.length === 1 ? '' : 's'} in ` +
    `${services.length} service${services.length === 1 ? '' : 's'}`
  return [
    `${root}: ${durationMs.toFixed(1)} ms, ${count}${failed > 0 ? `, ${failed} failed` : ''}`,
    `trace ${traceId}, began ${new Date(startMs).toISOString()}`,
    '',
    `${'began'.padStart(BEGAN_WIDTH)}${'took'.padStart(TOOK_WIDTH)}`,
    ...lines,
    '',
  ].join('\n')
}

function branchesOf(goesOn: readonly boolean[]): string {
  const [, ...levels] = goesOn
  return levels
    .map((more, index) => (index === levels.length - 1 ? (more ? '├─ ' : '└─ ') : more ? '│  ' : '   '))
    .join('')
}
