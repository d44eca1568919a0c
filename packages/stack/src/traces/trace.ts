import type { ReceivedSpan } from './otlp.ts'

/** A trace in a list. */
export interface TraceSummary {
  traceId: string
  /** Its root span, or the earliest one that arrived. */
  root: string
  startMs: number
  durationMs: number
  spans: number
  /** In the order in which they took part. */
  services: string[]
  /** The number of failed spans. */
  failed: number
}

/** A span at its place in the tree. */
export interface TraceRow {
  span: ReceivedSpan
  depth: number
  /** For each level above it, whether more siblings follow: used to draw the lines. */
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
 * Returns the spans as a tree, line by line, children by time. A span whose parent has not arrived is at the
 * top.
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

/** Returns what a span's line shows beside its name: status, outcome, reason of a failure. */
export function remarkOf({ attributes, failed }: ReceivedSpan): string {
  const status = attributes['http.response.status_code']
  const outcome = attributes['boxoffice.outcome']
  return [status, outcome, failed && failed !== status ? failed : null].filter(Boolean).join(' ')
}

export const isStatement = ({ attributes }: ReceivedSpan): boolean => 'db.system.name' in attributes

/** `payments` for `payment-service`: short names where space is scarce. */
export const shortName = (service: string): string => service.replace(/-service$/, '')
