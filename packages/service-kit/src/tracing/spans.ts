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

/** Returns the active span, if it is recorded: only then statements and commands have spans. */
export function findRecordingSpan(): Span | undefined {
  if (!findTracer()) return undefined
  const span = trace.getActiveSpan()
  return span?.isRecording() ? span : undefined
}

/** Returns the id of the active trace: for log lines. */
export const findTraceId = (): string | undefined =>
  findTracer() ? trace.getActiveSpan()?.spanContext().traceId : undefined

/** Starts a span that the caller ends. Undefined while tracing is off. */
export const startSpan = (
  name: string,
  kind: SpanKind,
  attributes: Attributes,
  parent?: Context,
  links: Link[] = [],
): Span | undefined => findTracer()?.startSpan(name, { kind, attributes, links }, parent)

/** The duration from which a statement or a command is slow. */
const SLOW_DETAIL_MS = 100

/** Ends a span; with an error, as failed. */
export type EndSpan = (error?: unknown) => void

/**
 * Runs a statement or a command in a span; most spans are of these. Undefined outside of any trace. In a
 * trace that is not sampled the span is created only afterwards, if it failed or was slow, which costs two
 * clock readings.
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
 * Runs `work` in a child span of the active one, or of `parent`. Records the type of an error, never its
 * message.
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

/** Runs `work`, and all that it awaits, as part of `span`. */
export const asPartOf = <T>(span: Span, work: () => T): T =>
  context.with(trace.setSpan(context.active(), span), work)

/** The context outside of any trace. */
export const outside: Context = ROOT_CONTEXT

/** Runs `work` outside of any trace: what it starts is a new trace. */
export const outsideTrace = <T>(work: () => T): T =>
  findTracer() ? context.with(ROOT_CONTEXT, work) : work()

/** Marks a span as failed, with the reason in one word: error messages may contain secrets. */
export function markFailed(span: Span, error: unknown): void {
  const why = kindOf(error)
  span.setAttribute(ATTR_ERROR_TYPE, why)
  span.setStatus({ code: SpanStatusCode.ERROR, message: why })
}

/** Returns the code, the reason or the class of an error. */
function kindOf(error: unknown): string {
  const { code, reason } = (error ?? {}) as { code?: unknown; reason?: unknown }
  const word = [code, reason].find(
    (value): value is string => typeof value === 'string' && /^[\w.]{1,60}$/.test(value),
  )
  return word ?? (error instanceof Error ? error.constructor.name : 'unknown')
}

/** Adds method and status of the current call to its span. */
export function describeCall(method: string | undefined, status: number): void {
  findRecordingSpan()?.setAttributes({
    ...(method && { [ATTR_HTTP_REQUEST_METHOD]: method }),
    [ATTR_HTTP_RESPONSE_STATUS_CODE]: status,
  })
}

/** Returns the active trace as W3C `traceparent`, to be stored with deferred work; null outside of any. */
export function currentTraceparent(): string | null {
  if (!findTracer()) return null
  const span = trace.getActiveSpan()
  return span ? traceparentOf(span) : null
}

/** Returns the `traceparent` that continues a span elsewhere. */
export function traceparentOf(span: Span): string | null {
  if (!isSpanContextValid(span.spanContext())) return null
  const carrier: Record<string, string> = {}
  propagator.inject(trace.setSpan(ROOT_CONTEXT, span), carrier, defaultTextMapSetter)
  return carrier.traceparent ?? null
}

/** Returns the headers that continue the active trace in a call. */
export function traceHeaders(): Record<string, string> {
  const traceparent = currentTraceparent()
  return traceparent ? { traceparent } : {}
}

/** Returns the context of a `traceparent`; outside of any trace if it is missing or malformed. */
export const traceOf = (traceparent: string | null | undefined): Context =>
  traceparent ? propagator.extract(ROOT_CONTEXT, { traceparent }, defaultTextMapGetter) : ROOT_CONTEXT

/** Links to a trace that an outside caller named: ours is not part of it. */
export function linksTo(other: Context): Link[] {
  const spanContext = trace.getSpanContext(other)
  return spanContext ? [{ context: spanContext }] : []
}

/** Runs deferred work in the trace that was stored with it. */
export const continueTrace = <T>(
  traceparent: string | null | undefined,
  name: string,
  work: (span: Span) => Promise<T>,
  attributes: Attributes = {},
): Promise<T> => inSpan(name, { attributes, parent: traceOf(traceparent) }, work)
