import type { ReceivedSpan } from './otlp.ts'
import { summaryOf, type TraceSummary } from './trace.ts'

/** The latest traces, in memory. */
export interface TraceStore {
  add(spans: readonly ReceivedSpan[]): void
  /** Newest first. */
  list(): TraceSummary[]
  /** null: never seen, or evicted. */
  find(traceId: string): readonly ReceivedSpan[] | null
}

/** The limits: traces, spans of each, and spans in total. */
export interface TraceLimits {
  tracesMax: number
  spansPerTraceMax: number
  spansMax: number
}

/**
 * Creates a store that keeps the most recently extended traces within the limits; of a trace that is too
 * long, its first spans.
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
        traces.delete(traceId) // a map is in insertion order: re-inserting makes it the youngest
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
