import { randomUUID } from 'node:crypto'
import { defineNotFound, defineRefusal, defineRoute, Instant, Money, Page } from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import type { FastifyInstance } from 'fastify'
import { exportJWK, exportSPKI, generateKeyPair, importJWK, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { z } from 'zod'
import { baseConfig, baseEnvironment } from '../config.ts'
import { readEnvironment } from '../environment.ts'
import { createFoundation, createServiceApp, type Foundation } from '../foundation.ts'
import { type HealthComponents, mountHealth } from '../operations/health.ts'
import {
  createTestAuthority,
  createTestDatabase,
  createWatchers,
  injectClient,
  type TestAuthority,
} from '../testing.ts'
import { encodedJson } from './encoded-json.ts'
import { mountRoutes } from './mount.ts'
import { refuse } from './refusal.ts'
import { createServer } from './server.ts'

const NOT_NOW = defineRefusal('NOT_NOW', 409, 'not now')
const THING_NOT_FOUND = defineNotFound('THING')
const Thing = z.object({ thingId: z.uuid(), price: Money, at: Instant })
const routes = {
  makeThing: defineRoute({
    method: 'POST',
    path: '/api/things',
    summary: 'Make a thing',
    access: 'user',
    body: z.strictObject({
      price: Money,
      at: Instant,
      fail: z.enum(['no', 'refuse', 'throw', 'wait']).optional(),
    }),
    responses: { 201: Thing },
    refusals: [NOT_NOW],
  }),
  listThings: defineRoute({
    method: 'GET',
    path: '/api/things',
    summary: 'Things',
    access: 'visitor',
    query: Page,
    responses: { 200: z.object({ who: z.string().nullable(), limit: z.int() }) },
  }),
  getThing: defineRoute({
    method: 'GET',
    path: '/api/things/:thingId',
    summary: 'A thing',
    access: 'organizer',
    params: z.object({ thingId: z.uuid() }),
    responses: { 200: Thing },
    refusals: [THING_NOT_FOUND],
  }),
  buyThing: defineRoute({
    method: 'POST',
    path: '/api/things/buy',
    summary: 'Buy a thing',
    access: 'user',
    idempotency: 'bound',
    responses: { 201: z.object({ key: z.string() }) },
  }),
  takeThing: defineRoute({
    method: 'POST',
    path: '/api/things/take',
    summary: 'Take a thing',
    access: 'user',
    idempotency: 'bindable',
    responses: { 201: z.object({ key: z.string() }) },
  }),
  inside: defineRoute({
    method: 'GET',
    path: '/api/things/internal/x',
    summary: 'For the payment service',
    access: { services: ['payment-service'] },
    responses: { 200: z.object({ caller: z.string() }) },
  }),
} as const

let authority: TestAuthority
let foundation: Foundation
let app: FastifyInstance
let made: string[] = []
let letGo: () => void = () => {}

beforeAll(async () => {
  authority = await createTestAuthority()
  const environment = readEnvironment(z.object(baseEnvironment), {
    ...authority.environment('ticket-service'),
    DATABASE_URL: await createTestDatabase(inject('postgresUrl'), 'services/tickets/prisma/migrations'),
  })
  const config = baseConfig('ticket-service', { ...environment, PORT: 0 })
  foundation = createFoundation(config, authority.userKeys)
  const health = { database: { required: true, check: () => foundation.pool.query('select 1') } }
  const about = { title: 'Things', description: 'Things.', path: '/api/things' } as const
  app = createServiceApp(foundation, { config, ...about, routes, health })
  mountRoutes(
    app,
    routes,
    {
      async makeThing({ body, resourceId }) {
        if (body.fail === 'refuse') return refuse(NOT_NOW)
        made.push(resourceId)
        if (body.fail === 'throw') throw new Error('secret detail of the database')
        if (body.fail === 'wait') await new Promise<void>((resolve) => (letGo = resolve))
        return { status: 201, body: { thingId: resourceId, price: body.price, at: body.at } }
      },
      listThings: async ({ query, principal, headers }) => {
        const body = { who: principal?.userId ?? null, limit: query.limit }
        return { status: 200, body: headers['x-encoded'] ? encodedJson(body) : body }
      },
      getThing: async () => refuse(THING_NOT_FOUND),
      buyThing: async ({ idempotencyKey }) => ({ status: 201, body: { key: idempotencyKey } }),
      takeThing: async ({ idempotencyKey }) => ({ status: 201, body: { key: idempotencyKey } }),
      inside: async ({ principal }) => ({ status: 200, body: { caller: principal.service } }),
    },
    foundation,
  )
  await app.ready()
})
afterAll(async () => {
  await app.close()
  await foundation.pool.end()
})

const post = async (
  payload: unknown,
  headers: Record<string, string> = {},
  user?: { headers: Record<string, string> },
) =>
  app.inject({
    method: 'POST',
    url: '/api/things',
    headers: {
      ...(user ?? (await authority.user())).headers,
      'content-type': 'application/json',
      ...headers,
    },
    payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
  })
const good = { price: 19.99, at: '2027-07-01T20:00:00+02:00' }

describe('what goes over the wire', () => {
  test('is major units and any offset in requests, Z in responses, minor units in code', async () => {
    const answer = await post(good)
    expect(answer.json()).toMatchObject({ price: 19.99, at: '2027-07-01T18:00:00.000Z' })
    const client = injectClient(app, routes, (await authority.user()).headers)
    const { body } = await client.makeThing({ body: { price: 500 as never, at: new Date(0) } })
    expect(body).toMatchObject({ price: 500, at: new Date(0) })
  })
  test('is the same where a handler has encoded it before', async () => {
    const [plain, encoded] = [
      await app.inject('/api/things'),
      await app.inject({ url: '/api/things', headers: { 'x-encoded': '1' } }),
    ]
    expect(encoded.body).toBe(plain.body)
    expect(encoded.headers['content-type']).toBe(plain.headers['content-type'])
    expect(encoded.headers['content-length']).toBe(plain.headers['content-length'])
  })
  test("carries the caller's correlation id, or a new one", async () => {
    const given = await app.inject({ url: '/api/things', headers: { 'x-correlation-id': 'abc-1' } })
    expect(given.headers['x-correlation-id']).toBe('abc-1')
    for (const bad of ['a b', 'x'.repeat(65), 'a\u00e9']) {
      const made = await app.inject({ url: '/api/things', headers: { 'x-correlation-id': bad } })
      expect(made.headers['x-correlation-id']).toMatch(/^[0-9a-f-]{36}$/)
    }
  })
  test('has a path with and without a trailing slash', async () => {
    expect((await app.inject('/api/things/')).statusCode).toBe(200)
  })
})

describe('a request that does not match its schema', () => {
  test.each([
    ['three decimals', { ...good, price: 1.005 }, 'body.price'],
    ['a text for a number', { ...good, price: '1' }, 'body.price'],
    ['an unknown field', { ...good, colour: 'red' }, 'body.colour'],
    ['no body', '', 'body'],
    ['a list', [], 'body'],
  ])('%s is refused, with where it is wrong', async (_, payload, path) => {
    const answer = await post(payload)
    expect(answer.statusCode).toBe(400)
    expect(answer.json()).toMatchObject({
      error: 'VALIDATION_FAILED',
      requestId: expect.any(String),
      details: [{ path }],
    })
  })
  test.each([
    ['broken JSON', '{"price":', 400, 'VALIDATION_FAILED', 'application/json'],
    ['a poisoned prototype', '{"__proto__":{"x":1}}', 400, 'VALIDATION_FAILED', 'application/json'],
    ['another type', 'price=1', 415, 'UNSUPPORTED_MEDIA_TYPE', 'application/x-www-form-urlencoded'],
    ['too much', JSON.stringify({ x: 'y'.repeat(1_100_000) }), 413, 'PAYLOAD_TOO_LARGE', 'application/json'],
    [
      'an infinite number',
      '{"price":1e400,"at":"2027-07-01T20:00:00Z"}',
      400,
      'VALIDATION_FAILED',
      'application/json',
    ],
  ])('%s is refused in the shape of the contract', async (_, payload, status, error, contentType) => {
    const answer = await post(payload, { 'content-type': contentType })
    expect(answer.statusCode).toBe(status)
    expect(answer.json()).toMatchObject({ error, message: expect.any(String), requestId: expect.any(String) })
  })
  test('a malformed id, path or query is a 400, an unknown path a 404', async () => {
    const { headers } = await authority.user(['ORGANIZER'])
    expect((await app.inject({ url: '/api/things/not-a-uuid', headers })).statusCode).toBe(400)
    expect((await app.inject('/api/things?limit=1000')).json().details).toMatchObject([
      { path: 'query.limit' },
    ])
    expect((await app.inject('/api/%zz')).statusCode).toBe(400)
    expect((await app.inject('/api/nothing')).json()).toMatchObject({ error: 'ROUTE_NOT_FOUND' })
  })
  test('an internal error reveals nothing', async () => {
    const answer = await post({ ...good, fail: 'throw' })
    expect(answer.statusCode).toBe(500)
    expect(answer.json()).toMatchObject({ error: 'INTERNAL' })
    expect(answer.body).not.toContain('secret')
  })
})

describe('who may call', () => {
  test('a visitor may come without a token, but not with a bad one', async () => {
    const user = await authority.user()
    expect((await app.inject('/api/things')).json().who).toBeNull()
    expect((await app.inject({ url: '/api/things', headers: user.headers })).json().who).toBe(user.userId)
    expect(
      (await app.inject({ url: '/api/things', headers: { authorization: 'Bearer x.y.z' } })).statusCode,
    ).toBe(401)
  })
  test('a missing role is 403, a missing token 401', async () => {
    const url = `/api/things/${randomUUID()}`
    expect((await app.inject(url)).json()).toMatchObject({ error: 'UNAUTHENTICATED' })
    expect((await app.inject({ url, headers: (await authority.user()).headers })).json()).toMatchObject({
      error: 'FORBIDDEN',
    })
    expect(
      (await app.inject({ url, headers: (await authority.user(['ORGANIZER'])).headers })).statusCode,
    ).toBe(404)
  })

  const claims = { email: 'a@example.test', sid: randomUUID(), roles: ['USER'] }
  const sign = async (change: {
    alg?: string
    issuer?: string
    audience?: string
    typ?: string
    ageSeconds?: number
    key?: Parameters<SignJWT['sign']>[0]
  }) => {
    const issuedAt = Math.floor(Date.now() / 1000) - (change.ageSeconds ?? 0)
    return new SignJWT(claims)
      .setProtectedHeader({ alg: change.alg ?? 'EdDSA', kid: 'test-token-key', typ: change.typ ?? 'at+jwt' })
      .setSubject(randomUUID())
      .setIssuer(change.issuer ?? 'boxoffice')
      .setAudience(change.audience ?? 'boxoffice')
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + 600)
      .sign(change.key ?? (await importJWK(authority.tokenKey, 'EdDSA')))
  }
  const answerTo = async (token: string) =>
    app.inject({ url: '/api/things', headers: { authorization: `Bearer ${token}` } })

  test('a token is accepted for ten minutes, then it has a refusal of its own', async () => {
    expect((await answerTo(await sign({}))).statusCode).toBe(200)
    expect((await answerTo(await sign({ ageSeconds: 660 }))).json()).toMatchObject({ error: 'TOKEN_EXPIRED' })
  })

  test.each([
    ['of another issuer', () => sign({ issuer: 'evil' })],
    ['for another audience', () => sign({ audience: 'other' })],
    ['of another type', () => sign({ typ: 'JWT' })],
    [
      'signed with another key',
      async () => sign({ key: (await generateKeyPair('EdDSA', { crv: 'Ed25519' })).privateKey }),
    ],
    [
      'signed with HS256 and the public key',
      async () => {
        const { d: _, ...jwk } = authority.tokenKey
        const pem = await exportSPKI((await importJWK(jwk, 'EdDSA')) as never)
        return sign({ alg: 'HS256', key: new TextEncoder().encode(pem) })
      },
    ],
    [
      'without a signature',
      async () => {
        const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
        const iat = Math.floor(Date.now() / 1000)
        const payload = {
          ...claims,
          sub: randomUUID(),
          iss: 'boxoffice',
          aud: 'boxoffice',
          iat,
          exp: iat + 600,
        }
        return `${encode({ alg: 'none', typ: 'at+jwt' })}.${encode(payload)}.`
      },
    ],
  ])('a token %s is refused', async (_, token) => {
    expect((await answerTo(await token())).json()).toMatchObject({ error: 'UNAUTHENTICATED' })
  })
  test('an internal route accepts the services it names, for their names and this audience', async () => {
    const url = '/api/things/internal/x'
    const headers = await authority.service('payment-service', 'ticket-service')
    expect((await app.inject({ url, headers })).json()).toEqual({ caller: 'payment-service' })
    const others = {
      nobody: {},
      user: (await authority.user(['ADMIN'])).headers,
      'another service': await authority.service('event-service', 'ticket-service'),
      'for another service': await authority.service('payment-service', 'auth-service'),
      'under another name': { ...headers, 'x-service-name': 'auth-service' },
    }
    for (const [who, other] of Object.entries(others)) {
      const answer = await app.inject({ url, headers: other })
      expect(answer.statusCode, who).toBe(who === 'another service' ? 403 : 401)
    }
  })
  test('a service cannot speak as another, even with its own known key', async () => {
    const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
    const issuedAt = Math.floor(Date.now() / 1000)
    const forged = await new SignJWT({ type: 'SERVICE' })
      .setProtectedHeader({ alg: 'EdDSA', kid: 'event-service', jwk: await exportJWK(privateKey) })
      .setSubject('payment-service')
      .setAudience('ticket-service')
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + 60)
      .sign(privateKey)
    const headers = { authorization: `Service-Token ${forged}`, 'x-service-name': 'payment-service' }
    expect((await app.inject({ url: '/api/things/internal/x', headers })).statusCode).toBe(401)
  })
})

describe('an idempotency key', () => {
  test('returns the first answer again and creates the thing once', async () => {
    const user = await authority.user()
    made = []
    const headers = { 'idempotency-key': randomUUID() }
    const [first, second] = [
      await post(good, headers, user),
      await post({ at: good.at, price: good.price }, headers, user),
    ]
    expect(second.statusCode).toBe(422) // another field order is another body: the signature covers the bytes
    const third = await post(good, headers, user)
    expect([third.statusCode, third.body, third.headers['idempotent-replayed']]).toEqual([
      first.statusCode,
      first.body,
      'true',
    ])
    expect(made).toHaveLength(1)
  })
  test('belongs to its user: another user’s is another', async () => {
    made = []
    const headers = { 'idempotency-key': 'shared' }
    await post(good, headers, await authority.user())
    await post(good, headers, await authority.user())
    expect(new Set(made).size).toBe(2)
  })
  test('with another body is refused', async () => {
    const user = await authority.user()
    const headers = { 'idempotency-key': randomUUID() }
    await post(good, headers, user)
    const answer = await post({ ...good, price: 1 }, headers, user)
    expect(answer.statusCode).toBe(422)
    expect(answer.json()).toMatchObject({ error: 'IDEMPOTENCY_KEY_REUSED' })
  })
  test('of a request in progress is refused with that reason', async () => {
    const user = await authority.user()
    const headers = { 'idempotency-key': randomUUID() }
    made = []
    const first = post({ ...good, fail: 'wait' }, headers, user)
    await until(() => expect(made).toHaveLength(1))
    expect((await post({ ...good, fail: 'wait' }, headers, user)).json()).toMatchObject({
      error: 'IDEMPOTENCY_IN_PROGRESS',
    })
    letGo()
    expect((await first).statusCode).toBe(201)
  })
  test('remembers refusals but not errors: then the same thing is made under the same id', async () => {
    const user = await authority.user()
    const refused = { 'idempotency-key': randomUUID() }
    await post({ ...good, fail: 'refuse' }, refused, user)
    expect((await post({ ...good, fail: 'refuse' }, refused, user)).headers['idempotent-replayed']).toBe(
      'true',
    )
    const broken = { 'idempotency-key': randomUUID() }
    made = []
    await post({ ...good, fail: 'throw' }, broken, user)
    await post({ ...good, fail: 'throw' }, broken, user)
    expect(made).toHaveLength(2)
    expect(new Set(made).size).toBe(1)
  })
  test('of a process that died can be claimed again when its lease has expired', async () => {
    const user = await authority.user()
    const request = { scope: `${user.userId} POST /api/things`, key: randomUUID(), bodyHash: 'x' }
    const first = await foundation.idempotency.begin(request)
    expect(await foundation.idempotency.begin(request)).toEqual({ outcome: 'in-progress' })
    await foundation.pool.query(
      "update idempotency_keys set leased_until = clock_timestamp() - interval '1 s' where key = $1",
      [request.key],
    )
    const second = await foundation.idempotency.begin(request)
    expect(second).toMatchObject({
      outcome: 'started',
      resourceId: (first as { resourceId: string }).resourceId,
    })
  })
  test('is deleted after a day', async () => {
    const request = { scope: 's', key: randomUUID(), bodyHash: 'x' }
    const begun = await foundation.idempotency.begin(request)
    if (begun.outcome !== 'started') throw new Error(begun.outcome)
    await foundation.idempotency.complete(begun.lease, {
      status: 201,
      contentType: 'application/json',
      body: '{}',
    })
    await foundation.pool.query(
      "update idempotency_keys set expires_at = clock_timestamp() - interval '1 s' where key = $1",
      [request.key],
    )
    expect(await foundation.idempotency.begin({ ...request, bodyHash: 'other' })).toMatchObject({
      outcome: 'started',
    })
  })
  test('is required where the route binds it', async () => {
    const { headers } = await authority.user()
    const without = await app.inject({ method: 'POST', url: '/api/things/buy', headers })
    expect(without.json()).toMatchObject({
      error: 'VALIDATION_FAILED',
      details: [{ path: 'headers.idempotency-key' }],
    })
    const withKey = await app.inject({
      method: 'POST',
      url: '/api/things/buy',
      headers: { ...headers, 'idempotency-key': 'k' },
    })
    expect(withKey.json()).toEqual({ key: 'k' })
  })
  test('may be left out where the route binds the one that is given, and is held to its form', async () => {
    const { headers } = await authority.user()
    const take = async (key?: string) =>
      app.inject({
        method: 'POST',
        url: '/api/things/take',
        headers: { ...headers, ...(key && { 'idempotency-key': key }) },
      })
    expect((await take()).json()).toEqual({ key: '' })
    for (const _ of [1, 2]) expect((await take('k')).json()).toEqual({ key: 'k' })
    expect((await take('a b')).json()).toMatchObject({ details: [{ path: 'headers.idempotency-key' }] })
  })
})

describe('health', () => {
  test('is UP with its components, ready and alive, and exports metrics', async () => {
    // Components have two seconds to answer.
    await until(async () =>
      expect((await app.inject('/actuator/health')).json()).toMatchObject({
        status: 'UP',
        components: { database: 'UP' },
      }),
    )
    await until(async () => expect((await app.inject('/actuator/health/ready')).statusCode).toBe(200))
    expect((await app.inject('/actuator/health/live')).statusCode).toBe(200)
    expect((await app.inject('/actuator/prometheus')).body).toContain('http_server_request_duration_seconds')
  })
  test('is DOWN without a required component, alive but not ready; else DEGRADED, and ready', async () => {
    const gone = { required: true, check: () => Promise.reject(new Error('gone')) }
    const asked = async (components: HealthComponents) => {
      const watchers = createWatchers()
      const ill = createServer({ ...watchers, trustedProxies: [] })
      mountHealth(ill, { ...watchers, components: () => components, now: () => new Date(0) })
      const answers = await Promise.all(
        ['', '/ready', '/live'].map((path) => ill.inject(`/actuator/health${path}`)),
      )
      return answers.map((answer) => [answer.statusCode, answer.json().status])
    }
    expect(await asked({ database: gone })).toEqual([
      [503, 'DOWN'],
      [503, 'NOT_READY'],
      [200, 'ALIVE'],
    ])
    expect(await asked({ redis: { ...gone, required: false } })).toEqual([
      [200, 'DEGRADED'],
      [200, 'READY'],
      [200, 'ALIVE'],
    ])
  })
})
