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
import { type CollectorNews, createCollectorNews, type TraceLog } from './collector-news.ts'
import { keepFailedAndSlow } from './tail.ts'

/** Where spans go and how many traces are kept. Without an endpoint there is no tracing. */
export interface TracesConfig {
  /** Base URL of an OTLP/HTTP collector; spans go to `/v1/traces` there, as JSON. */
  endpoint: string | undefined
  /** Which part of all traces is recorded whole, 0 to 1. */
  ratio: number
  /** Of the others a request or message is recorded that failed or took so long. */
  slowMs: number
}

export interface TracesLimits {
  /** Spans wait so long for others to be sent with. */
  sendEveryMs: number
  /** A collector may take so long for what it is sent. */
  sendMsMax: number
  /** What is left may take so long when the process stops. */
  stopMsMax: number
}

const LIMITS: TracesLimits = { sendEveryMs: 1_000, sendMsMax: 5_000, stopMsMax: 3_000 }
const WAITING_MAX = 4_096 // what a collector that is down costs: about 10 MB, then spans are dropped

// Like the context that carries it, the tracer is the process's: doors that it passes through need not be
// given it.
let provider: NodeTracerProvider | null = null
let tracer: Tracer | null = null
let { stopMsMax } = LIMITS

/** The process's tracer; null while tracing is off. */
export const findTracer = (): Tracer | null => tracer

/**
 * Send the spans of this process to a collector, in the background. One that is down or slow holds nothing
 * up: what it does not take is dropped. The trace's id decides whether it is recorded whole, alike in every
 * service, whatever a caller's flags ask for; of the others each process records what failed or was slow in
 * it.
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
  const news = createCollectorNews(options)
  setGlobalErrorHandler(news.refused)
  const exporter = new OTLPTraceExporter({
    url: `${traces.endpoint.replace(/\/$/, '')}/v1/traces`,
    timeoutMillis: limits.sendMsMax,
  })
  const processor = new BatchSpanProcessor(telling(exporter, news), {
    maxQueueSize: WAITING_MAX,
    scheduledDelayMillis: limits.sendEveryMs,
    exportTimeoutMillis: limits.sendMsMax,
  })
  registerTracing(service, traces, processor)
}

/**
 * An exporter that says when its collector takes something. What it does not take reaches the global handler
 * of errors.
 */
const telling = (exporter: SpanExporter, news: CollectorNews): SpanExporter => ({
  export: (spans, tell) =>
    exporter.export(spans, (result) => {
      if (result.code === ExportResultCode.SUCCESS) news.taken()
      tell(result)
    }),
  shutdown: () => exporter.shutdown(),
})

/** Trace into a processor of one's own: what `startTracing` does, and what tests do. */
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

/** What is not sampled is recorded all the same, for as long as nobody knows how it ends. */
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
 * Send what is left, for three seconds at most where `startTracing` was not told otherwise, and trace nothing
 * any more. Never rejects.
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
