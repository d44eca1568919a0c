import { sendPage } from '@boxoffice/service-kit'
import Fastify, { type FastifyInstance } from 'fastify'
import { z } from 'zod'
import { readExport } from './otlp.ts'
import { listPage, tracePage } from './trace-pages.ts'
import { createTraceStore, type TraceStore } from './trace-store.ts'
import { treeText } from './trace-text.ts'

/** A stand-in for the OpenTelemetry collector and X-Ray: stores the latest traces and shows them. */
export interface TraceCollector {
  url: string
  store: TraceStore
  stop(): Promise<void>
}

const LIMITS = { tracesMax: 500, spansPerTraceMax: 2_000, spansMax: 50_000 } // about 1 kB a span
const BODY_LIMIT_BYTES = 32 * 1_048_576

const ListQuery = z.object({ show: z.enum(['all', 'changes', 'failed']).catch('all') })
const TraceQuery = z.object({ statements: z.enum(['yes', 'no']).catch('yes'), root: z.string().catch('') })

/**
 * Accepts spans on 127.0.0.1, as OTLP over HTTP in JSON (`POST /v1/traces`). `/` lists the latest 500 traces,
 * `/traces/<id>` shows one, with `.txt` as a tree for a terminal; `latest` is the newest, with `?root=` the
 * newest whose root has that name. As JSON: `/api/traces`, `/api/traces/<id>`.
 */
export async function startTraceCollector(options: { port: number }): Promise<TraceCollector> {
  const store = createTraceStore(LIMITS)
  const app = Fastify({ bodyLimit: BODY_LIMIT_BYTES, forceCloseConnections: true })
  app.post('/v1/traces', async ({ body }, reply) => {
    const spans = readExport(body)
    if (!spans) return reply.code(400).send({ message: 'this accepts OTLP exports of spans in JSON' })
    store.add(spans)
    return { partialSuccess: {} }
  })
  mountPages(app, store)
  const url = await app.listen({ host: '127.0.0.1', port: options.port })
  return { url, store, stop: () => app.close() }
}

function mountPages(app: FastifyInstance, store: TraceStore): void {
  /** Returns the trace id in a path; null if there is no such trace. */
  const findId = (named: string, root: string): string | null => {
    if (named !== 'latest') return store.find(named) ? named : null
    return store.list().find((trace) => trace.root.includes(root))?.traceId ?? null
  }
  app.get('/', async ({ query }, reply) => {
    const { show } = ListQuery.parse(query)
    return sendPage(reply, (nonce) => listPage(store.list(), show, nonce))
  })
  app.get<{ Params: { file: string } }>('/traces/:file', async ({ params, query }, reply) => {
    const { statements, root } = TraceQuery.parse(query)
    const traceId = findId(params.file.replace(/\.txt$/, ''), root)
    const spans = traceId && store.find(traceId)
    if (!traceId || !spans)
      return reply.code(404).type('text/plain').send('There is no such trace, or it has been evicted.\n')
    if (params.file.endsWith('.txt'))
      return reply.type('text/plain; charset=utf-8').send(treeText(traceId, spans))
    return sendPage(reply, (nonce) => tracePage(traceId, spans, statements === 'yes', nonce))
  })
  app.get('/api/traces', async () => ({ traces: store.list() }))
  app.get<{ Params: { traceId: string } }>('/api/traces/:traceId', async ({ params }, reply) => {
    const spans = store.find(params.traceId)
    return spans
      ? { traceId: params.traceId, spans }
      : reply.code(404).send({ message: 'there is no such trace' })
  })
}
