import { context, type Tracer, trace } from '@opentelemetry/api'
import { ExportResultCode, setGlobalErrorHandler } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  BatchSpanProcessor,
  NodeTracerProvider,
  type Sampler,
  SamplingDecision,
  type SpanExporter,
  type SpanProcessor,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-node'
import { ATTR_SERVICE_INSTANCE_ID, ATTR_SERVICE_NAME } from '@opentelemetry/semantic-conventions'
import { type CollectorLog, createCollectorLog, type TraceLog } from './collector-log.ts'
import { keepFailedAndSlow } from './tail.ts'

/** Where spans go and which traces are kept. Without an endpoint there is no tracing. */
export interface TracesConfig {
  /** Base URL of an OTLP/HTTP collector; spans go to `/v1/traces` there, as JSON. */
  endpoint: string | undefined
  /** The share of traces that is recorded whole, 0 to 1. */
  ratio: number
  /** Of the others, requests and messages that failed or took so long are recorded. */
  slowMs: number
}

export interface TracesLimits {
  /** How long spans wait for others to share a request. */
  sendEveryMs: number
  /** The export time-out. */
  sendMsMax: number
  /** How long the rest may take when the process stops. */
  stopMsMax: number
}

const LIMITS: TracesLimits = { sendEveryMs: 1_000, sendMsMax: 5_000, stopMsMax: 3_000 }
const WAITING_MAX = 4_096 // the memory that a collector outage costs: about 10 MB, then spans are dropped

// Global, like the context that carries it: functions need not pass it on.
let provider: NodeTracerProvider | null = null
let tracer: Tracer | null = null
let { stopMsMax } = LIMITS

/** Returns the process's tracer; null while tracing is off. */
export const findTracer = (): Tracer | null => tracer

/**
 * Exports the spans of this process to a collector, in the background. A collector that is down or slow holds
 * nothing up: spans that it does not accept are dropped. The trace's id decides whether it is recorded whole,
 * alike in every service, whatever a caller's flags request; of the others each process records what failed
 * or was slow in it.
 */
export function startTracing(options: {
  service: string
  traces: TracesConfig
  logger: TraceLog
  now: () => Date
  limits?: TracesLimits
}): void {
  const { service, traces, limits = LIMITS } = options
  if (!traces.endpoint || provider) return
  stopMsMax = limits.stopMsMax
  const collectorLog = createCollectorLog(options)
  setGlobalErrorHandler(collectorLog.refused)
  const exporter = new OTLPTraceExporter({
    url: `${traces.endpoint.replace(/\/$/, '')}/v1/traces`,
    timeoutMillis: limits.sendMsMax,
  })
  const processor = new BatchSpanProcessor(reporting(exporter, collectorLog), {
    maxQueueSize: WAITING_MAX,
    scheduledDelayMillis: limits.sendEveryMs,
    exportTimeoutMillis: limits.sendMsMax,
  })
  registerTracing(service, traces, processor)
}

/** An exporter that reports when its collector accepts spans. Errors reach the global error handler. */
const reporting = (exporter: SpanExporter, collectorLog: CollectorLog): SpanExporter => ({
  export: (spans, callback) =>
    exporter.export(spans, (result) => {
      if (result.code === ExportResultCode.SUCCESS) collectorLog.accepted()
      callback(result)
    }),
  shutdown: () => exporter.shutdown(),
})

/** Traces into the given processor: used by `startTracing` and by tests. */
export function registerTracing(
  service: string,
  { ratio, slowMs }: Pick<TracesConfig, 'ratio' | 'slowMs'>,
  processor: SpanProcessor,
): void {
  provider = new NodeTracerProvider({
    resource: resourceFromAttributes({
      [ATTR_SERVICE_NAME]: service,
      [ATTR_SERVICE_INSTANCE_ID]: crypto.randomUUID(),
    }),
    sampler:
      ratio < 1 ? recordingAll(new TraceIdRatioBasedSampler(ratio)) : new TraceIdRatioBasedSampler(ratio),
    spanProcessors: [ratio < 1 ? keepFailedAndSlow(processor, { slowMs }) : processor],
  })
  provider.register({ propagator: null })
  tracer = provider.getTracer('boxoffice')
}

/** Records unsampled spans too, until their outcome is known. */
const recordingAll = (sampler: Sampler): Sampler => ({
  shouldSample(...question) {
    const { decision, ...result } = sampler.shouldSample(...question)
    return {
      ...result,
      decision: decision === SamplingDecision.NOT_RECORD ? SamplingDecision.RECORD : decision,
    }
  },
})

/**
 * Exports the rest, within three seconds by default, and stops tracing. Never
 * rejects.
 */
export async function stopTracing(): Promise<void> {
  const stopping = provider
  if (!stopping) return
  provider = null
  tracer = null
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, stopMsMax)
  })
  await Promise.race([stopping.shutdown().catch(() => {}), late])
  clearTimeout(timer)
  trace.disable()
  context.disable()
}
