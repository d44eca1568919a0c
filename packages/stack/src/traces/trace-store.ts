import type { ReceivedSpan } from './otlp.ts'
import { summaryOf, type TraceSummary } from './trace.ts'

/** The latest traces, in memory. */
export interface TraceStore {
  add(spans: readonly ReceivedSpan[]): void
  /** The one that began last comes first. */
  list(): TraceSummary[]
  /** null: never seen, or forgotten. */
  find(traceId: string): readonly ReceivedSpan[] | null
}

/** What a store keeps: so many traces, so many spans of each, and so many of all together. */
export interface TraceLimits {
  tracesMax: number
  spansPerTraceMax: number
  spansMax: number
}

/**
 * Keeps the traces that were added to last, as many of them as the limits allow; of a longer one only what
 * came first.
 */
export function createTraceStore({ tracesMax, spansPerTraceMax, spansMax }: TraceLimits): TraceStore {
  const traces = new Map<string, ReceivedSpan[]>()
  let spanCount = 0
  return {
    add(received) {
      for (const [traceId, spans] of Map.groupBy(received, (span) => span.traceId)) {
        const kept = traces.get(traceId) ?? []
        const added = spans.slice(0, spansPerTraceMax - kept.length)
        kept.push(...added)
        spanCount += added.length
        traces.delete(traceId) // a map goes by insertion: the one that is added to is the youngest again
        traces.set(traceId, kept)
      }
      for (const [traceId, spans] of traces) {
        if (traces.size <= tracesMax && spanCount <= spansMax) break
        traces.delete(traceId)
        spanCount -= spans.length
      }
    },
    list: () =>
      [...traces]
        .map(([traceId, spans]) => summaryOf(traceId, spans))
        .toReversed()
        .toSorted((a, b) => b.startMs - a.startMs),
    find: (traceId) => traces.get(traceId) ?? null,
  }
}
