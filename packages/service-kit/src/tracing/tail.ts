import { type Context, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api'
import type { ReadableSpan, Span, SpanProcessor } from '@opentelemetry/sdk-trace-node'
import { createRateLimit } from '../rate-limit.ts'

/** The most spans kept for one local root until it ends. */
const SPANS_MAX = 256
/** The most local roots kept per second: when everything is slow a few of them show it, and cost little. */
const KEPT_PER_SECOND_MAX = 10

/** The spans of a trace in this process, from their local root: a request, a message, a saga step. */
interface Part {
  readonly root: Span
  readonly ended: ReadableSpan[]
  fate: 'open' | 'kept' | 'dropped'
}

/**
 * Exports the spans of sampled traces, and of the others those whose local root failed or took `slowMs` or
 * longer: they wait in memory until it ends. Other processes decide for themselves, so such a trace may be
 * incomplete.
 */
export function keepFailedAndSlow(inner: SpanProcessor, { slowMs }: { slowMs: number }): SpanProcessor {
  // Keyed by the span itself: one that never ends is collected with it.
  const parts = new WeakMap<object, Part>()
  const rate = createRateLimit({ calls: KEPT_PER_SECOND_MAX, intervalMs: 1_000 })

  function end(part: Part, span: ReadableSpan): void {
    const why = span.status.code === SpanStatusCode.ERROR ? 'failed' : msOf(span) >= slowMs ? 'slow' : null
    part.fate = why && rate.take() ? 'kept' : 'dropped'
    const ended = part.ended.splice(0)
    if (part.fate === 'dropped') return
    for (const one of ended) inner.onEnd(asSampled(one))
    inner.onEnd(asSampled(span, { ...span.attributes, 'boxoffice.kept_because': why ?? '' }))
  }

  return {
    onStart(span, parentContext: Context) {
      if (isSampled(span)) return inner.onStart(span, parentContext)
      const parent = trace.getSpan(parentContext)
      parts.set(span, (parent && parts.get(parent)) ?? { root: span, ended: [], fate: 'open' })
    },
    onEnd(span) {
      if (isSampled(span)) return inner.onEnd(span)
      const part = parts.get(span)
      if (!part || part.fate === 'dropped') return
      if (part.fate === 'kept') inner.onEnd(asSampled(span))
      else if ((part.root as unknown) === span) end(part, span)
      else if (part.ended.length < SPANS_MAX) part.ended.push(span)
    },
    forceFlush: () => inner.forceFlush(),
    shutdown: () => inner.shutdown(),
  }
}

const isSampled = (span: Pick<ReadableSpan, 'spanContext'>) =>
  (span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0
const msOf = ({ duration: [seconds, nanoseconds] }: ReadableSpan) => seconds * 1_000 + nanoseconds / 1_000_000

/** Returns the span as exporters accept it. */
const asSampled = (span: ReadableSpan, attributes = span.attributes): ReadableSpan =>
  Object.create(span, {
    attributes: { value: attributes },
    spanContext: { value: () => ({ ...span.spanContext(), traceFlags: TraceFlags.SAMPLED }) },
  })
