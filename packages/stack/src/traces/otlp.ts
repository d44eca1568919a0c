import { z } from 'zod'

/** One span for the viewer. Times are in milliseconds since 1970, with fractions. */
export interface ReceivedSpan {
  traceId: string
  spanId: string
  /** null: the root of its trace. */
  parentId: string | null
  service: string
  name: string
  kind: 'INTERNAL' | 'SERVER' | 'CLIENT' | 'PRODUCER' | 'CONSUMER'
  startMs: number
  endMs: number
  /** Why it failed, in one word; null if it did not. */
  failed: string | null
  attributes: Record<string, string>
}

const kinds = ['INTERNAL', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'] as const
const STATUS_ERROR = 2

const Attribute = z.object({ key: z.string(), value: z.record(z.string(), z.unknown()) })
const Span = z.object({
  traceId: z.string().regex(/^[0-9a-f]{32}$/),
  spanId: z.string().regex(/^[0-9a-f]{16}$/),
  parentSpanId: z.string().optional(),
  name: z.string(),
  kind: z.int().min(0).max(5).default(1),
  startTimeUnixNano: z.coerce.bigint(),
  endTimeUnixNano: z.coerce.bigint(),
  attributes: z.array(Attribute).default([]),
  status: z.object({ code: z.int().optional(), message: z.string().optional() }).default({}),
})

/**
 * The body of an export: the fields used of OTLP's `ExportTraceServiceRequest` in JSON.
 * https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 */
const ExportRequest = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes: z.array(Attribute).default([]) }).default({ attributes: [] }),
      scopeSpans: z.array(z.object({ spans: z.array(Span).default([]) })).default([]),
    }),
  ),
})

/** Returns the spans of an export; null if the body is not one. */
export function readExport(json: unknown): ReceivedSpan[] | null {
  const result = ExportRequest.safeParse(json)
  if (!result.success) return null
  return result.data.resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = textsOf(resource.attributes)['service.name'] ?? 'unknown'
    return scopeSpans.flatMap(({ spans }) => spans.map((span) => receivedSpan(span, service)))
  })
}

function receivedSpan(span: z.output<typeof Span>, service: string): ReceivedSpan {
  const { code, message } = span.status
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    parentId: span.parentSpanId || null,
    service,
    name: span.name,
    kind: kinds[span.kind] ?? 'INTERNAL',
    startMs: millisecondsOf(span.startTimeUnixNano),
    endMs: millisecondsOf(span.endTimeUnixNano),
    failed: code === STATUS_ERROR ? message || 'error' : null,
    attributes: textsOf(span.attributes),
  }
}

const millisecondsOf = (nanoseconds: bigint) => Number(nanoseconds / 1_000n) / 1_000

/** Each value is an object that names its type: `{ "stringValue": "GET" }`. */
const textsOf = (attributes: readonly z.output<typeof Attribute>[]): Record<string, string> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, String(Object.values(value)[0])]))
