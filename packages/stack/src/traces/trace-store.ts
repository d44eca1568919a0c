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

/** Keeps the `tracesMax` traces that were added to last, and of each at most `spansMax` spans: what is more is let go. */
export function createTraceStore({ tracesMax, spansMax }: { tracesMax: number; spansMax: number }): TraceStore {
  const traces = new Map<string, ReceivedSpan[]>()
  return {
    add(received) {
      for (const [traceId, spans] of Map.groupBy(received, (span) => span.traceId)) {
        const kept = traces.get(traceId) ?? []
        kept.push(...spans.slice(0, spansMax - kept.length))
        traces.delete(traceId) // a map goes by insertion: the one that is added to is the youngest again
        traces.set(traceId, kept)
      }
      for (const traceId of traces.keys()) {
        if (traces.size <= tracesMax) break
        traces.delete(traceId)
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
