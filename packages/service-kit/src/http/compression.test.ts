import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { defineNotFound, defineRoute, Empty, eventStream } from '@boxoffice/contracts'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { createWatchers } from '../testing.ts'
import { chooseEncoding } from './compression.ts'
import { type EncodedJson, encodedJson } from './encoded-json.ts'
import { mountRoutes } from './mount.ts'
import { refuse } from './refusal.ts'
import { createServer } from './server.ts'
import { createStreamLimits } from './stream-limits.ts'

const THING_NOT_FOUND = defineNotFound('THING')
const Words = z.object({ words: z.array(z.string()) })
const get = (name: string) =>
  ({
    method: 'GET',
    path: `/api/things/${name}`,
    summary: name,
    access: 'anyone',
    responses: { 200: Words },
  }) as const
const routes = {
  large: defineRoute(get('large')),
  small: defineRoute(get('small')),
  secret: defineRoute(get('secret')),
  fixed: defineRoute(get('fixed')),
  tagged: defineRoute(get('tagged')),
  kept: defineRoute({ ...get('kept'), responses: { 200: Words, 304: Empty } }),
  refused: defineRoute({ ...get('refused'), responses: {}, refusals: [THING_NOT_FOUND] }),
  inside: defineRoute({ ...get('inside'), access: { services: ['payment-service'] } }),
  watch: defineRoute({ ...get('watch'), responses: { 200: eventStream(Words) } }),
  make: defineRoute({ ...get('make'), method: 'POST', idempotency: 'none' }),
} as const

const words = Array.from({ length: 400 }, (_, index) => `word ${index % 7}`)
const body = { words }
let kept: EncodedJson<typeof body>
let app: FastifyInstance
beforeAll(async () => {
  app = createServer({ ...createWatchers(), trustedProxies: [] })
  kept = encodedJson(body, { etag: '"7"' })
  const ok =
    (headers: Record<string, string> = {}) =>
    async () =>
      ({ status: 200, body, headers }) as const
  mountRoutes(
    app,
    routes,
    {
      large: ok({ etag: 'W/"1"' }),
      small: async () => ({ status: 200, body: { words: ['few'] } }),
      secret: ok({ 'cache-control': 'private, no-store' }),
      fixed: ok({ 'cache-control': 'public, no-transform' }),
      tagged: ok({ etag: '"1"' }),
      kept: async ({ headers }) =>
        headers['if-none-match']
          ? { status: 304, body: undefined, headers: { etag: '"7"' } }
          : { status: 200, body: kept },
      refused: async () => refuse(THING_NOT_FOUND, { message: 'x'.repeat(2_000) }),
      inside: ok(),
      watch: async () => ({
        status: 200,
        body: (async function* () {
          yield body
        })(),
      }),
      make: ok(),
    },
    {
      authenticate: async () => ({ principal: { service: 'payment-service' } }),
      idempotency: {} as never,
      streams: createStreamLimits({ perUser: 10, perAddress: 10 }),
    },
  )
  await app.ready()
})
afterAll(() => app.close())

const ask = (name: string, headers: Record<string, string> = { 'accept-encoding': 'gzip, br' }) =>
  app.inject({ url: `/api/things/${name}`, headers, method: name === 'make' ? 'POST' : 'GET' })
const plain = JSON.stringify(body)

test("a large answer is compressed in the client's preferred encoding, and varies by it", async () => {
  const [br, gz, none] = [
    await ask('large'),
    await ask('large', { 'accept-encoding': 'gzip' }),
    await ask('large', {}),
  ]
  expect(br.headers).toMatchObject({ 'content-encoding': 'br', vary: 'accept-encoding', etag: 'W/"1"' })
  expect(brotliDecompressSync(br.rawPayload).toString()).toBe(plain)
  expect(Number(br.headers['content-length'])).toBe(br.rawPayload.length)
  expect(br.rawPayload.length).toBeLessThan(plain.length / 10)
  expect(gz.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' })
  expect(gunzipSync(gz.rawPayload).toString()).toBe(plain)
  expect(none.headers).toMatchObject({ vary: 'accept-encoding' })
  expect(none.headers).not.toHaveProperty('content-encoding')
  expect(none.body).toBe(plain)
})

test.each(['small', 'secret', 'fixed', 'tagged', 'refused', 'inside', 'watch', 'make'])(
  '%s is sent uncompressed',
  async (name) => {
    const answer = await ask(name)
    expect(answer.headers).not.toHaveProperty('content-encoding')
    expect(answer.body).toContain(name === 'small' ? 'few' : name === 'refused' ? 'NOT_FOUND' : 'word 3')
  },
)

test('a pre-encoded body is compressed once for all, and its strong ETag becomes weak', async () => {
  const answers = await Promise.all([ask('kept'), ask('kept'), ask('kept', {})])
  expect(answers.map(({ headers }) => headers.etag)).toEqual(['W/"7"', 'W/"7"', '"7"'])
  expect(answers[0]?.rawPayload).toEqual(answers[1]?.rawPayload)
  expect(brotliDecompressSync(answers[0]?.rawPayload ?? Buffer.of()).toString()).toBe(plain)
  expect(answers[2]?.body).toBe(plain)
  const unchanged = { 'if-none-match': 'W/"7"', 'accept-encoding': 'br' }
  expect(await ask('kept', unchanged)).toMatchObject({
    statusCode: 304,
    headers: { etag: 'W/"7"' },
    body: '',
  })
  expect((await ask('kept', { 'if-none-match': '"7"' })).headers.etag).toBe('"7"')
})

test.each([
  [undefined, null],
  ['', null],
  ['identity', null],
  ['gzip, deflate, br, zstd', 'br'],
  ['gzip;q=1.0, br;q=0.5', 'gzip'],
  ['BR ; q=0.2, gzip; q=0', 'br'],
  ['*', 'br'],
  ['*, br;q=0', 'gzip'],
  ['gzip;q=0, *;q=0', null],
  ['br;q=nonsense', null],
] as const)('Accept-Encoding %s is answered with %s', (accepted, encoding) => {
  expect(chooseEncoding(accepted)).toBe(encoding)
})
