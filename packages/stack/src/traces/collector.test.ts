import { claimPort } from '@boxoffice/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTraceCollector, type TraceCollector } from './collector.ts'
import type { ReceivedSpan } from './otlp.ts'
import { createTraceStore } from './trace-store.ts'
import { treeText } from './trace-text.ts'

let collector: TraceCollector
beforeAll(async () => {
  collector = await startTraceCollector({ port: await claimPort() })
})
afterAll(() => collector.stop())

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'
const BEGAN_MS = Date.UTC(2026, 10, 21, 12)
let serial = 0
const spanOf = (changes: Partial<ReceivedSpan> = {}): ReceivedSpan => ({
  traceId: TRACE_ID,
  spanId: (++serial).toString(16).padStart(16, '0'),
  parentId: null,
  service: 'payment-service',
  name: 'POST /api/payments/orders',
  kind: 'SERVER',
  startMs: BEGAN_MS,
  endMs: BEGAN_MS + 400,
  failed: null,
  attributes: {},
  ...changes,
})

/** The same as an exporter writes it. */
const exportOf = (spans: readonly ReceivedSpan[]) => ({
  resourceSpans: spans.map((span) => ({
    resource: { attributes: [{ key: 'service.name', value: { stringValue: span.service } }] },
    scopeSpans: [
      {
        scope: { name: 'boxoffice' },
        spans: [
          {
            traceId: span.traceId,
            spanId: span.spanId,
            ...(span.parentId && { parentSpanId: span.parentId }),
            name: span.name,
            kind: ['', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'].indexOf(span.kind),
            startTimeUnixNano: `${BigInt(Math.round(span.startMs * 1_000)) * 1_000n}`,
            endTimeUnixNano: `${BigInt(Math.round(span.endMs * 1_000)) * 1_000n}`,
            attributes: Object.entries(span.attributes).map(([key, value]) => ({
              key,
              value: { stringValue: value },
            })),
            status: span.failed ? { code: 2, message: span.failed } : { code: 0 },
          },
        ],
      },
    ],
  })),
})
const send = (body: unknown) =>
  fetch(`${collector.url}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
const get = async (path: string) => {
  const response = await fetch(`${collector.url}${path}`)
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() }
}

const root = spanOf({ attributes: { 'http.response.status_code': '201' } })
const charge = spanOf({
  parentId: root.spanId,
  name: 'gateway charge',
  kind: 'CLIENT',
  startMs: BEGAN_MS + 50,
  endMs: BEGAN_MS + 250,
})
const insert = spanOf({
  parentId: root.spanId,
  name: 'insert orders',
  kind: 'CLIENT',
  startMs: BEGAN_MS + 1.5,
  endMs: BEGAN_MS + 3,
  attributes: { 'db.system.name': 'postgresql' },
})
const mail = spanOf({
  parentId: charge.spanId,
  service: 'notification-service',
  name: 'send <b>MAIL</b>',
  kind: 'INTERNAL',
  startMs: BEGAN_MS + 900,
  endMs: BEGAN_MS + 1_000,
  failed: 'TIMEOUT',
})

describe('a trace', () => {
  test('arrives in parts, in any order, and is read as a tree', async () => {
    for (const part of [[mail], [insert, charge], [root]])
      expect((await send(exportOf(part))).status).toBe(200)
    const { status, type, text } = await get(`/traces/${TRACE_ID}.txt`)
    expect({ status, type }).toEqual({ status: 200, type: 'text/plain; charset=utf-8' })
    expect(text).toBe(`POST /api/payments/orders: 1000.0 ms, 4 spans in 2 services, 1 failed
trace ${TRACE_ID}, began 2026-11-21T12:00:00.000Z

  began      took
      0     400.0  payment       POST /api/payments/orders  201
      2       1.5  payment       ├─ insert orders
     50     200.0  payment       └─ gateway charge
    900     100.0  notification     └─ send <b>MAIL</b>  TIMEOUT
`)
    expect((await get('/traces/latest.txt?root=orders')).text).toBe(text)
  })
  test('is shown on a page with every span, with all values escaped', async () => {
    const { text } = await get(`/traces/${TRACE_ID}`)
    for (const words of ['gateway charge', 'insert orders', 'send &lt;b&gt;MAIL&lt;/b&gt;', 'TIMEOUT'])
      expect(text).toContain(words)
    expect(text).not.toContain('<b>MAIL')
    const without = await get(`/traces/${TRACE_ID}?statements=no`)
    expect(without.text).toContain('gateway charge')
    expect(without.text).not.toContain('insert orders')
  })
  test('is in the list, and in the list of those with failures', async () => {
    const fine = spanOf({ traceId: '1'.repeat(32), name: 'GET /api/events' })
    await send(exportOf([fine]))
    expect((await get('/')).text).toContain('GET /api/events')
    const failed = await get('/?show=failed')
    expect(failed.text).toContain('POST /api/payments/orders')
    expect(failed.text).not.toContain('GET /api/events')
    const { traces } = JSON.parse((await get('/api/traces')).text)
    expect(traces).toMatchObject([
      { root: 'GET /api/events' },
      { root: 'POST /api/payments/orders', spans: 4, failed: 1 },
    ])
  })
  test('that does not exist is not found, and invalid input is refused', async () => {
    for (const path of [
      '/traces/nothing',
      `/traces/${'2'.repeat(32)}.txt`,
      '/traces/latest.txt?root=nothing',
      '/api/traces/x',
    ]) {
      expect((await get(path)).status, path).toBe(404)
    }
    expect(
      (await send({ resourceSpans: [{ scopeSpans: [{ spans: [{ traceId: '<script>' }] }] }] })).status,
    ).toBe(400)
  })
  test('without its root span is shown from the spans that arrived', () => {
    const orphans = [spanOf({ parentId: 'f'.repeat(16), name: 'process X', startMs: 5, endMs: 9 })]
    expect(treeText(TRACE_ID, orphans)).toContain('process X: 4.0 ms, 1 span in 1 service')
  })
})

describe('the store', () => {
  test('keeps the most recently updated traces, and a limited number of spans of each', () => {
    const store = createTraceStore({ tracesMax: 2, spansPerTraceMax: 3, spansMax: 100 })
    const [a, b, c] = ['a', 'b', 'c'].map((letter) => letter.repeat(32)) as [string, string, string]
    store.add([spanOf({ traceId: a }), spanOf({ traceId: b })])
    store.add(Array.from({ length: 5 }, () => spanOf({ traceId: a })))
    store.add([spanOf({ traceId: c })])
    expect(store.list().map(({ traceId, spans }) => [traceId, spans])).toEqual([
      [c, 1],
      [a, 3],
    ])
    expect(store.find(b)).toBeNull()
  })
  test('evicts the oldest traces if the total number of spans exceeds its limit', () => {
    const store = createTraceStore({ tracesMax: 100, spansPerTraceMax: 4, spansMax: 6 })
    const ids = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(32))
    const spansOf = (traceId: string | undefined, count: number) =>
      Array.from({ length: count }, () => spanOf({ traceId: traceId ?? '' }))
    const kept = () => ids.map((traceId) => store.find(traceId)?.length ?? 0)
    for (const traceId of ids.slice(0, 3)) store.add(spansOf(traceId, 2))
    expect(kept()).toEqual([2, 2, 2, 0])
    store.add(spansOf(ids[0], 1))
    expect(kept()).toEqual([3, 0, 2, 0])
    store.add(spansOf(ids[3], 3))
    expect(kept()).toEqual([3, 0, 0, 3])
  })
})
