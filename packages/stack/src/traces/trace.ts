import type { ReceivedSpan } from './otlp.ts'

/** What a list says of a trace. */
export interface TraceSummary {
  traceId: string
  /** The span that began it, or the earliest that came of it. */
  root: string
  startMs: number
  durationMs: number
  spans: number
  /** In the order in which they took part. */
  services: string[]
  /** How many spans failed. */
  failed: number
}

/** A span where it stands in its trace. */
export interface TraceRow {
  span: ReceivedSpan
  depth: number
  /** Of each level above it, whether more comes there: what lines are drawn by. */
  goesOn: boolean[]
}

const byStart = (a: ReceivedSpan, b: ReceivedSpan) => a.startMs - b.startMs || a.endMs - b.endMs

export function summaryOf(traceId: string, spans: readonly ReceivedSpan[]): TraceSummary {
  const sorted = spans.toSorted(byStart)
  const startMs = sorted[0]?.startMs ?? 0
  return {
    traceId,
    root: (sorted.find(({ parentId }) => parentId === null) ?? rowsOf(sorted)[0]?.span)?.name ?? '',
    startMs,
    durationMs: Math.max(...sorted.map(({ endMs }) => endMs)) - startMs,
    spans: sorted.length,
    services: [...new Set(sorted.map(({ service }) => service))],
    failed: sorted.filter(({ failed }) => failed !== null).length,
  }
}

/**
 * The spans as a tree, line by line, children by time. One whose parent did not come (not yet, or never)
 * stands at the top.
 */
export function rowsOf(spans: readonly ReceivedSpan[]): TraceRow[] {
  const known = new Set(spans.map(({ spanId }) => spanId))
  const isRoot = ({ parentId, spanId }: ReceivedSpan) =>
    parentId === null || parentId === spanId || !known.has(parentId)
  const children = Map.groupBy(
    spans.filter((span) => !isRoot(span)),
    ({ parentId }) => parentId,
  )
  const rows: TraceRow[] = []
  const walk = (siblings: readonly ReceivedSpan[], goesOn: boolean[]) => {
    for (const [index, span] of siblings.toSorted(byStart).entries()) {
      const more = index < siblings.length - 1
      rows.push({ span, depth: goesOn.length, goesOn: [...goesOn, more] })
      walk(children.get(span.spanId) ?? [], [...goesOn, more])
    }
  }
  walk(spans.filter(isRoot), [])
  return rows
}

/** What a span's line says beside its name: how it was answered, what became of it, why it failed. */
export function remarkOf({ attributes, failed }: ReceivedSpan): string {
  const status = attributes['http.response.status_code']
  const outcome = attributes['boxoffice.outcome']
  return [status, outcome, failed && failed !== status ? failed : null].filter(Boolean).join(' ')
}

export const isStatement = ({ attributes }: ReceivedSpan): boolean => 'db.system.name' in attributes

/** `payments` of `payment-service`: names are short where there is little room. */
export const shortName = (service: string): string => service.replace(/-service$/, '')
