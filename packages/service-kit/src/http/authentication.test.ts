import { UserId } from '@boxoffice/contracts'
import type { FastifyRequest } from 'fastify'
import { createLocalJWKSet, type JWK, SignJWT } from 'jose'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createServiceIdentity } from '../identity/service-identity.ts'
import { createTestAuthority } from '../testing.ts'
import { ACCESS_TOKEN_AUDIENCE, createAuthenticator, verifyAccessToken } from './authentication.ts'

/** Three authorities, each with its own key for every name. */
const [before, after, foreign] = await Promise.all([
  createTestAuthority(),
  createTestAuthority(),
  createTestAuthority(),
])
type Authority = typeof before

const publicOf = ({ d: _, ...jwk }: JWK) => jwk
const keysOf = (authority: Authority) =>
  JSON.parse(authority.environment('auth-service').SERVICE_PUBLIC_KEYS ?? '').keys as JWK[]

const authenticate = createAuthenticator({
  service: 'ticket-service',
  issuer: 'boxoffice',
  userKeys: createLocalJWKSet({ keys: [publicOf(before.tokenKey), publicOf(after.tokenKey)] }),
  servicePublicKeys: { keys: [...keysOf(before), ...keysOf(after)] },
  revocations: { isRevoked: async () => false },
})
const from = (headers: Record<string, string>) => ({ headers }) as unknown as FastifyRequest
const asService = async (headers: Promise<Record<string, string>>) =>
  authenticate({ services: ['payment-service'] }, from(await headers))
const principal = { service: 'payment-service' }
const refused = { refusal: { status: 401 } }

describe("while a service's key is replaced and its name has two", () => {
  test('accepts calls signed with the old or the new one, refuses a third', async () => {
    expect(await asService(before.service('payment-service', 'ticket-service'))).toEqual({ principal })
    expect(await asService(after.service('payment-service', 'ticket-service'))).toEqual({ principal })
    expect(await asService(foreign.service('payment-service', 'ticket-service'))).toMatchObject(refused)
  })

  test('checks audience, time and name as usual', async () => {
    expect(await asService(after.service('payment-service', 'auth-service'))).toMatchObject(refused)
    const { SERVICE_PRIVATE_KEY = '' } = after.environment('payment-service')
    const key = JSON.parse(SERVICE_PRIVATE_KEY)
    const late = createServiceIdentity('payment-service', key, () => new Date(Date.now() - 120_000))
    expect(await asService(late.headersFor('ticket-service'))).toMatchObject(refused)
    const disguised = createServiceIdentity('auth-service', key)
    expect(await asService(disguised.headersFor('ticket-service'))).toMatchObject(refused)
  })
})

test('accepts access tokens of two keys with one id, refuses a third and an expired one', async () => {
  const asUser = async (authority: Authority) => authenticate('user', from((await authority.user()).headers))
  expect(await asUser(before)).toMatchObject({ principal: { roles: ['USER'] } })
  expect(await asUser(after)).toMatchObject({ principal: { roles: ['USER'] } })
  expect(await asUser(foreign)).toMatchObject({
    refusal: { status: 401, body: { error: 'UNAUTHENTICATED' } },
  })

  const expired = await new SignJWT({ email: 'a@example.test', sid: crypto.randomUUID(), roles: ['USER'] })
    .setProtectedHeader({ alg: 'EdDSA', kid: 'test-token-key', typ: 'at+jwt' })
    .setSubject(UserId.parse(crypto.randomUUID()))
    .setIssuer('boxoffice')
    .setAudience(ACCESS_TOKEN_AUDIENCE)
    .setExpirationTime('-1m')
    .sign(after.tokenKey)
  const authorization = `Bearer ${expired}`
  expect(await authenticate('user', from({ authorization }))).toMatchObject({
    refusal: { body: { error: 'TOKEN_EXPIRED' } },
  })
  const keys = createLocalJWKSet({ keys: [publicOf(before.tokenKey)] })
  await expect(verifyAccessToken(expired, keys, 'boxoffice')).rejects.toThrow(/signature/)
})

test.each<[string, number, number, boolean]>([
  ['valid for ten minutes', 0, 600, true],
  ['valid for ten minutes and a second', 0, 601, false],
  ['of a year', 0, 31_536_000, false],
  ['signed a year ago, ending in a minute', -31_536_000, 60, false],
  ['signed by a clock slightly ahead', 4, 300, true],
  ['signed in an hour', 3_600, 3_900, false],
])(
  'an access token %s, signed with our key, is valid or not: %d to %d s from now, %s',
  async (_, from_, to, good) => {
    const now = Math.floor(Date.now() / 1_000)
    const token = await new SignJWT({ email: 'a@example.test', sid: crypto.randomUUID(), roles: ['USER'] })
      .setProtectedHeader({ alg: 'EdDSA', kid: 'test-token-key', typ: 'at+jwt' })
      .setSubject(crypto.randomUUID())
      .setIssuer('boxoffice')
      .setAudience(ACCESS_TOKEN_AUDIENCE)
      .setIssuedAt(now + from_)
      .setExpirationTime(now + to)
      .sign(before.tokenKey)
    const answer = await authenticate('user', from({ authorization: `Bearer ${token}` }))
    expect(answer).toMatchObject(good ? { principal: { roles: ['USER'] } } : refused)
  },
)

test('a user with an unconfirmed address is signed in, but may do nothing that reaches others', async () => {
  const roles = ['USER', 'ORGANIZER', 'ADMIN'] as const
  const unproven = from((await before.user([...roles], undefined, { emailVerified: false })).headers)
  expect(await authenticate('user', unproven)).toMatchObject({ principal: { emailVerified: false } })
  expect(await authenticate('visitor', unproven)).toMatchObject({ principal: { emailVerified: false } })
  for (const access of ['proven', 'organizer', 'operator'] as const) {
    const refusal = { status: 403, body: { error: 'EMAIL_NOT_VERIFIED' } }
    expect(await authenticate(access, unproven), access).toMatchObject({ refusal })
    const proven = from((await before.user([...roles])).headers)
    expect(await authenticate(access, proven), access).toMatchObject({ principal: { emailVerified: true } })
  }
  expect(await authenticate('operator', from((await before.user()).headers))).toMatchObject({
    refusal: { body: { error: 'FORBIDDEN' } },
  })
})

test('an operator is an ADMIN or the command line with its service token, no other service', async () => {
  const asOperator = async (
    name: 'boxoffice-cli' | 'payment-service',
    audience: 'ticket-service' | 'auth-service',
  ) => authenticate('operator', from(await before.service(name, audience)))
  expect(await authenticate('operator', from((await before.user(['ADMIN'])).headers))).toMatchObject({
    principal: { roles: ['ADMIN'] },
  })
  expect(await asOperator('boxoffice-cli', 'ticket-service')).toEqual({
    principal: { service: 'boxoffice-cli' },
  })
  expect(await asOperator('boxoffice-cli', 'auth-service')).toMatchObject(refused)
  expect(await asOperator('payment-service', 'ticket-service')).toMatchObject({ refusal: { status: 403 } })
  expect(await authenticate('operator', from({ authorization: 'Service-Token x.y.z' }))).toMatchObject(
    refused,
  )
  expect(await authenticate('operator', from({}))).toMatchObject(refused)
  const asUser = from(await before.service('boxoffice-cli', 'ticket-service'))
  expect(await authenticate('user', asUser)).toMatchObject(refused)
})

describe('a verified token', () => {
  afterEach(() => {
    vi.useRealTimers()
    vi.restoreAllMocks()
  })
  const verifications = () => vi.spyOn(crypto.subtle, 'verify')
  const createFor = (
    options: { userKeys?: typeof before.userKeys; isRevoked?: (id: string) => Promise<boolean> } = {},
  ) =>
    createAuthenticator({
      service: 'ticket-service',
      issuer: 'boxoffice',
      userKeys: options.userKeys ?? before.userKeys,
      servicePublicKeys: { keys: keysOf(before) },
      revocations: { isRevoked: options.isRevoked ?? (async () => false) },
    })

  test('is not verified again, and is refused from the moment it expires', async () => {
    const verify = verifications()
    const [authenticateUser, { headers }] = [createFor(), await before.user()]
    for (let times = 0; times < 3; times++) {
      expect(await authenticateUser('user', from(headers))).toMatchObject({ principal: { roles: ['USER'] } })
    }
    expect(verify).toHaveBeenCalledTimes(1)
    const { principal: user } = (await authenticateUser('user', from(headers))) as {
      principal: { expiresAt: Date }
    }
    vi.useFakeTimers({ toFake: ['Date'], now: user.expiresAt.getTime() + 4_999 }) // 5 s of clock tolerance
    expect(await authenticateUser('user', from(headers))).toMatchObject({ principal: { roles: ['USER'] } })
    vi.setSystemTime(user.expiresAt.getTime() + 5_000)
    expect(await authenticateUser('user', from(headers))).toMatchObject({
      refusal: { body: { error: 'TOKEN_EXPIRED' } },
    })
  })

  test('is checked for revocation each time', async () => {
    const { headers } = await before.user()
    let ended = false
    const authenticateUser = createFor({ isRevoked: async () => ended })
    expect(await authenticateUser('user', from(headers))).toMatchObject({ principal: {} })
    ended = true
    expect(await authenticateUser('user', from(headers))).toMatchObject(refused)
  })

  test('is refused when its key is withdrawn', async () => {
    const { headers } = await before.user()
    let keys = before.userKeys
    const changing = (...question: Parameters<typeof keys>) => keys(...question)
    const authenticateUser = createFor({ userKeys: changing as typeof keys })
    expect(await authenticateUser('user', from(headers))).toMatchObject({ principal: {} })
    keys = after.userKeys
    expect(await authenticateUser('user', from(headers))).toMatchObject(refused)
  })

  test('is authorized again for each route, and a changed one is unknown', async () => {
    const [authenticateUser, { headers, token }] = [createFor(), await before.user()]
    expect(await authenticateUser('user', from(headers))).toMatchObject({ principal: {} })
    expect(await authenticateUser('operator', from(headers))).toMatchObject({ refusal: { status: 403 } })
    const [head, body, signature = ''] = token.split('.')
    const forged = [head, body, signature.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'))].join('.')
    expect(await authenticateUser('user', from({ authorization: `Bearer ${forged}` }))).toMatchObject(refused)
  })

  test('of a service is not verified again: name, permission and time are checked each time', async () => {
    const verify = verifications()
    const authenticateService = createFor()
    const headers = await before.service('payment-service', 'ticket-service')
    const ask = (allowed: 'payment-service' | 'auth-service', as = headers) =>
      authenticateService({ services: [allowed] }, from(as))
    for (let times = 0; times < 3; times++) expect(await ask('payment-service')).toEqual({ principal })
    expect(verify).toHaveBeenCalledTimes(1)
    expect(await ask('auth-service')).toMatchObject({ refusal: { status: 403 } })
    expect(await ask('payment-service', { ...headers, 'x-service-name': 'auth-service' })).toMatchObject(
      refused,
    )
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 66_000 })
    expect(await ask('payment-service')).toMatchObject(refused)
  })
})
