import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTcpServer, type Socket } from 'node:net'
import { defineRoute, eventStream } from '@boxoffice/contracts'
import { claimPort, until } from '@boxoffice/testing'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, inject, onTestFinished, test, vi } from 'vitest'
import { z } from 'zod'
import { createPool } from '../database/pool.ts'
import { createInternalClient } from '../http/internal-client.ts'
import { createServiceIdentity } from '../identity/service-identity.ts'
import { createLogger } from '../operations/logging.ts'
import { createSweeper } from '../operations/sweeper.ts'
import { policies } from '../resilience/policies.ts'
import { createTestAuthority, createWatchers, recordSpans, startPeer } from '../testing.ts'
import { traceCommands } from './redis.ts'
import { currentTraceparent, inSpan, SpanKind, traceHeaders } from './spans.ts'
import { startTracing, stopTracing } from './tracing.ts'

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'
const CALLER = 'b7ad6b7169203331'
const fromCaller = { headers: { traceparent: `00-${TRACE_ID}-${CALLER}-01` } }

const answers = { 200: z.object({ ok: z.boolean() }) }
const route = (path: `/api/${string}`) =>
  defineRoute({ method: 'GET', path, summary: path, access: 'anyone', responses: answers })
const routes = {
  public: route('/api/peer/public'),
  outer: route('/api/peer/internal/outer'),
  inner: route('/api/peer/internal/inner'),
  broken: route('/api/peer/broken'),
  watch: defineRoute({
    method: 'GET',
    path: '/api/peer/watch',
    summary: 'Watch',
    access: 'anyone',
    responses: { 200: eventStream(z.object({ n: z.int() })) },
  }),
} as const

const logger = createLogger({ service: 'test', level: 'silent' })
let peer: Awaited<ReturnType<typeof startPeer>>
let pool: ReturnType<typeof createPool>
let redis: Redis
let call: () => Promise<unknown>
let endStream = () => {}

beforeAll(async () => {
  pool = createPool({ databaseUrl: inject('postgresUrl'), login: 'password', max: 1, logger, name: 'traces' })
  redis = new Redis(inject('redisUrl')) // `createRedis` would give a command a quarter of a second
  traceCommands(redis)
  const ok = { status: 200, body: { ok: true } } as const
  peer = await startPeer(routes, {
    async outer() {
      await call()
      return ok
    },
    inner: async () => ok,
    public: async () => ok,
    broken: () => Promise.reject(new Error('somebody@example.test is not known')),
    watch: async ({ signal }) => ({
      status: 200,
      body: (async function* () {
        await new Promise<void>((resolve) => {
          endStream = resolve
          signal.addEventListener('abort', () => resolve())
        })
      })(),
    }),
  })
  const authority = await createTestAuthority()
  const key = JSON.parse(authority.environment('payment-service').SERVICE_PRIVATE_KEY ?? '')
  const client = createInternalClient(routes, {
    ...createWatchers(),
    callee: 'tickets',
    baseUrl: peer.url,
    identity: createServiceIdentity('payment-service', key),
    policy: policies.tickets,
  })
  call = () => client.inner({})
})
afterEach(async () => {
  await stopTracing()
  vi.restoreAllMocks()
})
afterAll(async () => {
  await peer.close()
  redis.disconnect()
  await pool.end()
})

const ask = (path: string, init: RequestInit = {}) => fetch(`${peer.url}/api/peer/${path}`, init)
const named = (recorded: ReturnType<typeof recordSpans>, name: string) =>
  until(() => {
    const span = recorded.spans().find((one) => one.name === name)
    if (!span) throw new Error(`no span ${name} among ${recorded.spans().map((one) => one.name)}`)
    return span
  })

describe('a request', () => {
  test('continues the trace of the calling service and passes it on to the service it calls', async () => {
    const recorded = recordSpans()
    expect((await ask('internal/outer', fromCaller)).status).toBe(200)
    const outer = await named(recorded, 'GET /api/peer/internal/outer')
    const client = await named(recorded, 'tickets inner')
    const inner = await named(recorded, 'GET /api/peer/internal/inner')
    expect(outer).toMatchObject({ kind: SpanKind.SERVER, traceId: TRACE_ID, parentId: CALLER })
    expect(client).toMatchObject({ kind: SpanKind.CLIENT, traceId: TRACE_ID, parentId: outer.spanId })
    expect(inner).toMatchObject({ kind: SpanKind.SERVER, traceId: TRACE_ID, parentId: client.spanId })
    expect(outer.attributes).toMatchObject({
      'http.route': '/api/peer/internal/outer',
      'http.response.status_code': 200,
    })
    expect(client.attributes).toMatchObject({ 'peer.service': 'tickets', 'http.response.status_code': 200 })
  })
  test('from outside is a new trace, linked to the one that its caller names', async () => {
    const recorded = recordSpans()
    expect((await ask('public', fromCaller)).status).toBe(200)
    const span = await named(recorded, 'GET /api/peer/public')
    expect(span).toMatchObject({ parentId: null, links: [{ traceId: TRACE_ID, spanId: CALLER }] })
    expect(span.traceId).not.toBe(TRACE_ID)
  })
  test('begins a trace where its caller names none, and what is no trace is nobody’s', async () => {
    const recorded = recordSpans()
    await ask('internal/inner', { headers: { traceparent: 'nonsense' } })
    expect(await named(recorded, 'GET /api/peer/internal/inner')).toMatchObject({ parentId: null })
  })
  test('that fails records the type of its error, not the message', async () => {
    const recorded = recordSpans()
    expect((await ask('broken?email=somebody@example.test')).status).toBe(500)
    expect(await named(recorded, 'GET /api/peer/broken')).toMatchObject({ failed: 'Error' })
    expect(JSON.stringify(recorded.spans())).not.toContain('somebody')
  })
  test('that is a stream has its span ended where the stream begins', async () => {
    const recorded = recordSpans()
    const response = await ask('watch')
    expect(await named(recorded, 'GET /api/peer/watch')).toMatchObject({ failed: null })
    endStream()
    await response.text()
  })
  test('whose client left has no status, and says that it left', async () => {
    const recorded = recordSpans()
    const callOf = call
    const leaving = new AbortController()
    let answer = () => {}
    call = () => {
      call = callOf
      leaving.abort()
      return new Promise<void>((resolve) => {
        answer = resolve
      })
    }
    await expect(ask('internal/outer', { signal: leaving.signal })).rejects.toThrow('aborted')
    const outer = await named(recorded, 'GET /api/peer/internal/outer')
    expect(outer).toMatchObject({ failed: 'aborted', attributes: { 'error.type': 'aborted' } })
    expect(outer.attributes).not.toHaveProperty('http.response.status_code')
    answer()
  })
  test('of the load balancer or a metrics scraper has none', async () => {
    const recorded = recordSpans()
    await fetch(`${peer.url}/actuator/health/live`)
    await ask('internal/inner')
    await named(recorded, 'GET /api/peer/internal/inner')
    expect(recorded.spans().filter(({ name }) => name.includes('actuator'))).toEqual([])
  })
})

describe('statements and commands', () => {
  test('have spans within others, with the statement and without its values', async () => {
    const recorded = recordSpans()
    await inSpan('work', {}, async () => {
      await pool.query('select  relname from pg_class where relname = $1', ['somebody@example.test'])
      await redis.set('secret-key', 'secret-value', 'EX', 1)
      await pool.query('select 1/0').catch(() => {})
    })
    const work = await named(recorded, 'work')
    const [read, failed] = recorded.spans().filter(({ name }) => name.startsWith('select'))
    expect(read).toMatchObject({ name: 'select pg_class', kind: SpanKind.CLIENT, parentId: work.spanId })
    expect(read?.attributes['db.query.text']).toBe('select relname from pg_class where relname = $1')
    expect(failed).toMatchObject({ failed: '22012', parentId: work.spanId })
    expect(await named(recorded, 'set')).toMatchObject({ parentId: work.spanId })
    expect(JSON.stringify(recorded.spans())).not.toMatch(/somebody|secret/)
  })
  test('outside of any trace have none: a poller creates no trace', async () => {
    const recorded = recordSpans()
    await pool.query('select 1')
    await redis.ping()
    expect(recorded.spans()).toEqual([])
  })
  test('that waited for a connection belong to their caller', async () => {
    const recorded = recordSpans()
    const held = await pool.connect()
    const asked = inSpan('asker', {}, () => pool.query('select 1 as asked'))
    await inSpan('holder', {}, async () => held.release())
    await asked
    const asker = await named(recorded, 'asker')
    expect(await named(recorded, 'select')).toMatchObject({ parentId: asker.spanId })
  })
  test('without a trace that waited for a connection still have none', async () => {
    const recorded = recordSpans()
    const held = await pool.connect()
    const polled = pool.query('select 1 as polled')
    await inSpan('holder', {}, async () => held.release())
    await polled
    await named(recorded, 'holder')
    expect(recorded.spans().map(({ name }) => name)).toEqual(['holder'])
  })
  test('that are invalid end at once, as failures', async () => {
    const recorded = recordSpans()
    const client = await pool.connect()
    await inSpan('work', {}, async () => {
      expect(() => client.query(null as never)).toThrow('null or undefined query')
    })
    client.release()
    expect(await named(recorded, 'statement')).toMatchObject({ failed: 'TypeError' })
  })
  test('of a sweep do not belong to the request that nudged it', async () => {
    recordSpans()
    const seen: (string | null)[] = []
    const sweeper = createSweeper({
      name: 'test',
      intervalMs: 60_000,
      logger,
      sweep: async () => void seen.push(currentTraceparent()),
    })
    onTestFinished(() => sweeper.stop())
    sweeper.start()
    await until(() => expect(seen).toHaveLength(1))
    await inSpan('request', {}, async () => {
      expect(currentTraceparent()).not.toBeNull()
      sweeper.nudge()
    })
    await until(() => expect(seen).toEqual([null, null]))
  })
})

describe('sampling', () => {
  test('is decided by the trace id: a caller’s flag cannot request it', async () => {
    const recorded = recordSpans(0.5)
    expect((await ask('internal/outer', fromCaller)).status).toBe(200)
    const inOtherHalf = '1'.padStart(32, '0')
    expect(
      (await ask('internal/inner', { headers: { traceparent: `00-${inOtherHalf}-${CALLER}-00` } })).status,
    ).toBe(200)
    await named(recorded, 'GET /api/peer/internal/inner') // what ended before it has been recorded too
    expect(recorded.spans()).toMatchObject([{ traceId: inOtherHalf }])
  })
  test('keeps failures of unsampled traces, with their statements', async () => {
    const recorded = recordSpans(0)
    expect((await ask('broken')).status).toBe(500)
    await inSpan('work', {}, async () => {
      await pool.query('select 1 as fine')
      await pool.query('select 1/0').catch(() => {})
    })
    const failing = inSpan('failing work', {}, async () => {
      await inSpan('step', {}, () => pool.query('select 1 as fine'))
      await pool.query('select 1/0')
    })
    await expect(failing).rejects.toThrow('division')
    const broken = await named(recorded, 'GET /api/peer/broken')
    expect(broken).toMatchObject({ failed: 'Error', attributes: { 'boxoffice.kept_because': 'failed' } })
    const root = await named(recorded, 'failing work')
    expect(recorded.spans().map(({ name }) => name)).toEqual([
      'GET /api/peer/broken',
      'step',
      'select',
      'failing work',
    ])
    const [, ...parts] = recorded.spans()
    expect(new Set(parts.map(({ traceId }) => traceId))).toEqual(new Set([root.traceId]))
    expect(parts.map(({ parentId }) => parentId)).toEqual([root.spanId, root.spanId, null])
    expect(parts[1]).toMatchObject({ failed: '22012', attributes: { 'db.query.text': 'select 1/0' } })
  })
  test('keeps slow parts of unsampled traces, ten a second at most', async () => {
    const recorded = recordSpans(0, 0)
    for (let times = 0; times < 15; times++) await inSpan('slow work', {}, async () => {})
    expect(recorded.spans()).toHaveLength(10)
    expect(recorded.spans()[0]).toMatchObject({ attributes: { 'boxoffice.kept_because': 'slow' } })
  })
  test('a slow statement is kept with its own time, also where it is not sampled', async () => {
    const recorded = recordSpans(0, 0)
    let nowMs = Date.now()
    const now = vi.spyOn(Date, 'now').mockImplementation(() => {
      nowMs += 120
      return nowMs
    })
    await inSpan('work', {}, () => pool.query('select 1')).finally(() => now.mockRestore())
    await named(recorded, 'work')
    expect(recorded.spans().map(({ name }) => name)).toEqual(['select', 'work'])
  })
  test('nothing is traced without a collector, and no header mentions a trace', async () => {
    startTracing({
      service: 'test',
      traces: { endpoint: undefined, ratio: 1, slowMs: 1_000 },
      logger,
      now: () => new Date(),
    })
    await inSpan('work', {}, async () => expect(traceHeaders()).toEqual({}))
  })
})

describe('a collector', () => {
  // those of startTracing, in the same order
  const limits = { sendEveryMs: 20, sendMsMax: 500, stopMsMax: 300 }
  const held: Socket[] = []
  // accepts requests and never answers
  const never = createTcpServer((socket) => held.push(socket.on('error', () => {})))
  afterAll(() => {
    never.close()
    for (const socket of held) socket.destroy()
  })
  /** A collector with these responses, until the test ends. */
  const startCollector = async (answer: RequestListener) => {
    const port = await claimPort()
    const collector = createServer(answer).listen(port, '127.0.0.1')
    await once(collector, 'listening')
    onTestFinished(async () => {
      await stopTracing()
      collector.close()
      collector.closeAllConnections()
    })
    return { endpoint: `http://127.0.0.1:${port}`, ratio: 1, slowMs: 1_000 }
  }

  test.each(['is not there', 'never answers'])(
    'that %s stops neither requests nor the end of a service',
    async (how) => {
      const port = await claimPort()
      if (how === 'never answers') await once(never.listen(port, '127.0.0.1'), 'listening')
      const traces = { endpoint: `http://127.0.0.1:${port}`, ratio: 1, slowMs: 1_000 }
      startTracing({ service: 'test', traces, logger, now: () => new Date(), limits })
      const statuses = await Promise.all(
        Array.from({ length: 20 }, async () => (await ask('internal/outer')).status),
      )
      expect(new Set(statuses)).toEqual(new Set([200]))
      await stopTracing()
      expect((await ask('internal/outer')).status).toBe(200)
    },
  )
  test('that refuses spans is logged, and so is its return', async () => {
    let status = 400
    const traces = await startCollector((request, response) => {
      request.resume().on('end', () => response.writeHead(status).end('{}'))
    })
    const [warn, info] = [vi.spyOn(logger, 'warn'), vi.spyOn(logger, 'info')]
    startTracing({
      service: 'test',
      traces,
      logger,
      now: () => new Date(),
      limits: { ...limits, sendMsMax: 5_000 },
    })
    await ask('internal/inner')
    await until(() =>
      expect(warn).toHaveBeenCalledWith({ err: expect.any(Error) }, expect.stringContaining('dropped')),
    )
    expect(info).not.toHaveBeenCalledWith('trace collector is back')
    status = 200
    await ask('internal/inner')
    await until(() => expect(info).toHaveBeenCalledWith('trace collector is back'))
  })
  test('gets the spans of a stopping service', async () => {
    const taken: { path: string; body: unknown }[] = []
    const traces = await startCollector(async (request, response) => {
      const chunks = await Array.fromAsync(request)
      taken.push({ path: request.url ?? '', body: JSON.parse(Buffer.concat(chunks).toString()) })
      response.end('{}')
    })
    // Exports nothing before the service stops, and then for as long as it takes.
    const sent = { sendEveryMs: 3_600_000, sendMsMax: 60_000, stopMsMax: 60_000 }
    startTracing({ service: 'payment-service', traces, logger, now: () => new Date(), limits: sent })
    await ask('internal/inner')
    await stopTracing()
    expect(taken.map(({ path }) => path)).toEqual(['/v1/traces'])
    expect(JSON.stringify(taken)).toContain('payment-service')
    expect(JSON.stringify(taken)).toContain('GET /api/peer/internal/inner')
  })
})
