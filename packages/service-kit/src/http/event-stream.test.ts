import { defineRoute, eventStream, fileOr, Instant } from '@boxoffice/contracts'
import { claimPort, pause, until } from '@boxoffice/testing'
import { afterEach, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { createLogger } from '../operations/logging.ts'
import { createMetrics } from '../operations/metrics.ts'
import type { Principal } from './authentication.ts'
import { createClient } from './client.ts'
import { mountRoutes } from './mount.ts'
import { createServer } from './server.ts'
import { createStreamLimits } from './stream-limits.ts'

const routes = {
  watch: defineRoute({
    method: 'GET',
    path: '/api/ticks',
    summary: 'Ticks',
    access: 'anyone',
    responses: { 200: eventStream(z.object({ tick: z.int(), at: Instant })) },
  }),
  report: defineRoute({
    method: 'GET',
    path: '/api/report',
    summary: 'Ticks so far',
    access: 'anyone',
    query: z.object({ format: z.enum(['json', 'csv']) }),
    responses: { 200: fileOr(z.object({ ticks: z.int() }), 'text/csv') },
  }),
  send: defineRoute({
    method: 'POST',
    path: '/api/large',
    summary: 'A large body',
    access: 'anyone',
    bodyLimitBytes: 2_000_000,
    body: z.strictObject({ text: z.string() }),
    responses: { 200: z.object({ length: z.int() }) },
  }),
} as const

let closes: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closes) await close()
  closes = []
})

async function start(
  ended: () => void = () => {},
  principal: Principal = null,
  isRevoked = async (_session: string) => false,
) {
  const logger = createLogger({ service: 'ticks', level: 'silent' })
  const app = createServer({ logger, metrics: createMetrics('ticks'), trustedProxies: [] })
  async function* ticks(signal: AbortSignal) {
    try {
      for (let tick = 1; !signal.aborted; tick++) {
        yield { tick, at: new Date(tick) }
        await pause(5)
      }
    } finally {
      ended()
    }
  }
  mountRoutes(
    app,
    routes,
    {
      watch: async ({ signal }) => ({ status: 200, body: ticks(signal) }),
      report: async ({ query }) => ({
        status: 200,
        body: query.format === 'csv' ? Buffer.from('ticks\n3\n') : { ticks: 3 },
      }),
      send: async ({ body }) => ({ status: 200, body: { length: body.text.length } }),
    },
    {
      authenticate: async () => ({ principal }),
      idempotency: undefined as never,
      revocations: { isRevoked },
      streams: createStreamLimits({ perUser: 10, perAddress: 3 }),
    },
  )
  const baseUrl = await app.listen({ host: '127.0.0.1', port: await claimPort() })
  closes.push(() => app.close())
  return { app, baseUrl, client: createClient(routes, { baseUrl }) }
}

test('a stream delivers each item decoded, and ends at the server when its reader leaves', async () => {
  const ended = vi.fn()
  const { client, baseUrl } = await start(ended)
  const leave = new AbortController()
  const { body } = await client.watch({ signal: leave.signal })
  const seen: unknown[] = []
  for await (const item of body) if (seen.push(item) === 3) break
  expect(seen).toEqual([1, 2, 3].map((tick) => ({ tick, at: new Date(tick) })))
  leave.abort()
  await until(() => expect(ended).toHaveBeenCalledOnce())
  const { headers, body: raw } = await fetch(`${baseUrl}/api/ticks`)
  expect(headers.get('content-type')).toContain('text/event-stream')
  expect(headers.get('cache-control')).toBe('no-store')
  await raw?.cancel()
})

test('a stopping server ends its streams instead of waiting for them', async () => {
  const { app, client } = await start()
  const { body } = await client.watch({})
  const reading = (async () => {
    for await (const _ of body);
    return 'ended'
  })()
  await app.close()
  expect(await reading.catch(() => 'cut')).toBe('ended')
})

const reader = {
  userId: 'u' as never,
  email: 'a@example.test',
  emailVerified: true,
  sessionId: 's',
  roles: [],
}

test('a stream ends with the session that opened it, even if its token is valid; others stay', async () => {
  const revoked = new Set<string>()
  const [ended, other] = [vi.fn(), vi.fn()]
  const isRevoked = async (session: string) => revoked.has(session)
  const expiresAt = new Date(Date.now() + 600_000)
  const { client } = await start(ended, { ...reader, expiresAt }, isRevoked)
  const neighbour = await start(other, { ...reader, sessionId: 'another', expiresAt }, isRevoked)
  const leave = new AbortController()
  const [{ body }, { body: goesOn }] = [
    await client.watch({}),
    await neighbour.client.watch({ signal: leave.signal }),
  ]
  const streams = goesOn[Symbol.asyncIterator]()
  await streams.next()
  for await (const _ of body) revoked.add('s') // ends by itself
  await until(() => expect(ended).toHaveBeenCalledOnce())
  expect((await streams.next()).done).toBe(false)
  expect(other).not.toHaveBeenCalled()
  leave.abort()
})

test('a stream ends with the token that opened it', async () => {
  let livesMs = 25
  await until(async () => {
    livesMs *= 2 // as long as the stream takes to begin before its token ends
    const expiresAt = new Date(Date.now() + livesMs)
    const { client } = await start(() => {}, { ...reader, expiresAt })
    const { body } = await client.watch({})
    let items = 0
    for await (const _ of body) items++
    expect(items).toBeGreaterThan(0)
    expect(Date.now()).toBeGreaterThanOrEqual(expiresAt.getTime())
  })
})

test('one stream too many from an address is refused until another ends; requests are served', async () => {
  const { baseUrl, client } = await start()
  const open = () => fetch(`${baseUrl}/api/ticks`)
  const streams = [await open(), await open(), await open()]
  const refused = await open()
  expect(refused.status).toBe(429)
  expect(refused.headers.get('retry-after')).toBe('10')
  expect(await refused.json()).toMatchObject({ error: 'RATE_LIMITED', requestId: expect.any(String) })
  expect((await client.report({ query: { format: 'json' } })).status).toBe(200)
  await streams[0]?.body?.cancel()
  const again = await until(async () => {
    const answer = await open()
    expect(answer.status).toBe(200)
    return answer
  })
  for (const { body } of [...streams.slice(1), again]) await body?.cancel()
})

test('an answer is JSON or a file, as the handler gives it', async () => {
  const { client } = await start()
  expect(await client.report({ query: { format: 'json' } })).toEqual({ status: 200, body: { ticks: 3 } })
  const { body } = await client.report({ query: { format: 'csv' } })
  expect(Buffer.from(body as Uint8Array).toString()).toBe('ticks\n3\n')
})

test('a route accepts a body of its own limit and no larger', async () => {
  const { client, baseUrl } = await start()
  expect(await client.send({ body: { text: 'x'.repeat(1_500_000) } })).toMatchObject({
    body: { length: 1_500_000 },
  })
  const over = await fetch(`${baseUrl}/api/large`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text: 'x'.repeat(2_000_000) }),
  })
  expect(over.status).toBe(413)
  expect(await over.json()).toMatchObject({
    error: 'PAYLOAD_TOO_LARGE',
    message: 'the body is over 2000000 bytes',
  })
})

test('a body with a content encoding is refused before it is read', async () => {
  const { baseUrl } = await start()
  const packed = await fetch(`${baseUrl}/api/large`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    body: JSON.stringify({ text: 'x' }),
  })
  expect(packed.status).toBe(415)
  expect(await packed.json()).toMatchObject({ error: 'UNSUPPORTED_MEDIA_TYPE' })
})
