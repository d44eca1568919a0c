import {
  type Attributes,
  type Context,
  context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  INVALID_SPAN_CONTEXT,
  isSpanContextValid,
  type Link,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
} from '@opentelemetry/semantic-conventions'
import { findTracer } from './tracing.ts'

export { type Attributes, type Span, SpanKind } from '@opentelemetry/api'

const propagator = new W3CTraceContextPropagator()
const noSpan = trace.wrapSpanContext(INVALID_SPAN_CONTEXT)

/**
 * The span that is being worked in, if it is recorded: under it alone a statement or a command makes one of
 * its own.
 */
export function findRecordingSpan(): Span | undefined {
  if (!findTracer()) return undefined
  const span = trace.getActiveSpan()
  return span?.isRecording() ? span : undefined
}

/** The id of the trace that is being worked in: for log lines. */
export const findTraceId = (): string | undefined =>
  findTracer() ? trace.getActiveSpan()?.spanContext().traceId : undefined

/** A span that its maker ends. Undefined while tracing is off. */
export const startSpan = (
  name: string,
  kind: SpanKind,
  attributes: Attributes,
  parent?: Context,
  links: Link[] = [],
): Span | undefined => findTracer()?.startSpan(name, { kind, attributes, links }, parent)

/** From here on a statement or a command is slow. */
const SLOW_DETAIL_MS = 100

/** Ends a span; with an error, as a failure. */
export type EndSpan = (error?: unknown) => void

/**
 * A span of a statement or a command, which are most of all spans: undefined outside of any. In a trace that
 * is not sampled it is made only afterwards, if it failed or was slow, and till then costs two looks at the
 * clock.
 */
export function startDetail(describe: () => { name: string; attributes: Attributes }): EndSpan | undefined {
  const parent = findRecordingSpan()
  if (!parent) return undefined
  const start = (startTime?: number, within?: Context) => {
    const { name, attributes } = describe()
    return findTracer()?.startSpan(name, { kind: SpanKind.CLIENT, attributes, startTime }, within)
  }
  const end = (span: Span | undefined, error: unknown) => {
    if (span && error) markFailed(span, error)
    span?.end()
  }
  if ((parent.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0) {
    const span = start()
    return (error) => end(span, error)
  }
  const [within, startedMs] = [context.active(), Date.now()]
  return (error) => {
    if (error || Date.now() - startedMs >= SLOW_DETAIL_MS) end(start(startedMs, within), error)
  }
}

/**
 * Run `work` in a span of the present one, or of `parent`'s. What it rejects with is recorded by its kind,
 * never by its words.
 */
export async function inSpan<T>(
  name: string,
  options: { kind?: SpanKind; attributes?: Attributes; parent?: Context },
  work: (span: Span) => Promise<T>,
): Promise<T> {
  const { kind = SpanKind.INTERNAL, attributes = {}, parent = context.active() } = options
  const span = startSpan(name, kind, attributes, parent)
  if (!span) return work(noSpan)
  try {
    return await context.with(trace.setSpan(parent, span), () => work(span))
  } catch (error) {
    markFailed(span, error)
    throw error
  } finally {
    span.end()
  }
}

/** Run `work`, and all that it awaits, as part of `span`. */
export const asPartOf = <T>(span: Span, work: () => T): T =>
  context.with(trace.setSpan(context.active(), span), work)

/** The context of what is part of no trace. */
export const outside: Context = ROOT_CONTEXT

/** Run `work` outside of every trace: what it begins is a trace of its own. */
export const outsideTrace = <T>(work: () => T): T =>
  findTracer() ? context.with(ROOT_CONTEXT, work) : work()

/** Say that a span failed, and why in one word: messages of errors may carry what nobody should read. */
export function markFailed(span: Span, error: unknown): void {
  const why = kindOf(error)
  span.setAttribute(ATTR_ERROR_TYPE, why)
  span.setStatus({ code: SpanStatusCode.ERROR, message: why })
}

/** The code, the reason or the class of an error. */
function kindOf(error: unknown): string {
  const { code, reason } = (error ?? {}) as { code?: unknown; reason?: unknown }
  const word = [code, reason].find(
    (value): value is string => typeof value === 'string' && /^[\w.]{1,60}$/.test(value),
  )
  return word ?? (error instanceof Error ? error.constructor.name : 'unknown')
}

/** Say of the call that is at work how it was asked for and answered. */
export function describeCall(method: string | undefined, status: number): void {
  findRecordingSpan()?.setAttributes({
    ...(method && { [ATTR_HTTP_REQUEST_METHOD]: method }),
    [ATTR_HTTP_RESPONSE_STATUS_CODE]: status,
  })
}

/** The present trace as W3C's `traceparent`, to be kept beside what is done later; null outside of any. */
export function currentTraceparent(): string | null {
  if (!findTracer()) return null
  const span = trace.getActiveSpan()
  return span ? traceparentOf(span) : null
}

/** The `traceparent` under which a span's work goes on elsewhere. */
export function traceparentOf(span: Span): string | null {
  if (!isSpanContextValid(span.spanContext())) return null
  const carrier: Record<string, string> = {}
  propagator.inject(trace.setSpan(ROOT_CONTEXT, span), carrier, defaultTextMapSetter)
  return carrier.traceparent ?? null
}

/** The headers of a call that goes on in the present trace. */
export function traceHeaders(): Record<string, string> {
  const traceparent = currentTraceparent()
  return traceparent ? { traceparent } : {}
}

/** The trace of a `traceparent`; outside of any where there is none, or where it is nonsense. */
export const traceOf = (traceparent: string | null | undefined): Context =>
  traceparent ? propagator.extract(ROOT_CONTEXT, { traceparent }, defaultTextMapGetter) : ROOT_CONTEXT

/** A trace beside ours, which somebody outside named: ours is not part of it. */
export function linksTo(other: Context): Link[] {
  const spanContext = trace.getSpanContext(other)
  return spanContext ? [{ context: spanContext }] : []
}

/** Go on with work that was written down earlier, in the trace it was written down in. */
export const continueTrace = <T>(
  traceparent: string | null | undefined,
  name: string,
  work: (span: Span) => Promise<T>,
  attributes: Attributes = {},
): Promise<T> => inSpan(name, { attributes, parent: traceOf(traceparent) }, work)
