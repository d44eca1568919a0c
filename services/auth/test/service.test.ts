import { isUnavailable, redisAlone, verifyAccessToken } from '@boxoffice/service-kit'
import { createTestAuthority, scaledMs } from '@boxoffice/service-kit/testing'
import { buildWithoutRedis } from '@boxoffice/service-kit/testing-resilience'
import { createLocalJWKSet } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildApp } from '../src/app.ts'
import { createDependencies } from '../src/dependencies.ts'
import { startService, type TestService } from './start-service.ts'

// A key as it was before the one that signs now.
const earlier = await createTestAuthority()
const { d: _, ...x } = earlier.tokenKey
const earlierPublicKey = { ...x, kid: 'earlier-key' }

let auth: TestService
beforeAll(async () => {
  auth = await startService({
    env: {
      TOKEN_PREVIOUS_PUBLIC_KEYS: JSON.stringify({ keys: [earlierPublicKey] }),
      DATABASE_WAIT_MS: String(scaledMs(500)),
    },
  })
})
afterAll(() => auth.close())

test('the published keys verify an access token in any service, and hold nothing private', async () => {
  const { accessToken, user } = await auth.register()
  const { body } = await auth.client.getJwks({})
  expect(await verifyAccessToken(accessToken, createLocalJWKSet(body), 'boxoffice')).toMatchObject({
    userId: user.userId,
  })
  const raw = await auth.app.inject('/api/auth/.well-known/jwks.json')
  for (const key of raw.json().keys)
    expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x'])
})

test('while a key is replaced both are published, the one that signs first', async () => {
  const { body } = await auth.client.getJwks({})
  expect(body.keys.map(({ kid }) => kid)).toEqual(['test-token-key', 'earlier-key'])
  expect(body.keys[1]?.x).toBe(earlierPublicKey.x)
})

test('the service is healthy, and documents its public routes alone', async () => {
  const health = await auth.app.inject('/actuator/health')
  expect(health.json()).toMatchObject({ status: 'UP', components: { database: 'UP', messaging: 'UP' } })
  const { paths } = (await auth.app.inject('/api/auth/openapi.json')).json()
  expect(Object.keys(paths)).toContain('/api/auth/register')
  expect(Object.keys(paths).filter((path) => path.includes('internal'))).toEqual([])
})

test('a database that is gone or has no connection to spare is a 503, not a fault of ours', async () => {
  const { pool } = auth.deps
  const login = () =>
    auth.app.inject({
      method: 'POST',
      url: '/api/auth/login',
      payload: { email: 'a@example.test', password: 'x' },
    })
  const refresh = () =>
    auth.app.inject({ method: 'POST', url: '/api/auth/refresh', payload: { refreshToken: 'x' } })
  const held = await Promise.all(Array.from({ length: 10 }, () => pool.connect()))
  const answers = await Promise.all([login(), refresh()])
  for (const client of held) client.release()
  expect(answers.map((answer) => answer.json().error)).toEqual(['SERVICE_UNAVAILABLE', 'SERVICE_UNAVAILABLE'])

  const broken = auth.deps.db.transact(async (tx) => {
    const [backend] = await tx.prisma.$queryRaw<{ pid: number }[]>`select pg_backend_pid() as pid`
    await pool.query('select pg_terminate_backend($1)', [backend?.pid])
    return tx.prisma.user.count()
  })
  expect(isUnavailable(await broken.catch((error) => error))).toBe(true)
})

test('health names Redis and every callee with its breaker; DEGRADED without Redis', async () => {
  const { health, unread } = await buildWithoutRedis({
    config: auth.deps.config,
    callees: redisAlone,
    create: createDependencies,
    build: buildApp,
  })
  const guarded = Object.fromEntries(Object.keys(redisAlone).map((callee) => [callee, 'UP']))
  const components = { ...guarded, redis: 'DOWN', database: 'UP', messaging: 'UP' }
  expect(health).toEqual({ code: 200, status: 'DEGRADED', components })
  expect(unread).toEqual([])
})
