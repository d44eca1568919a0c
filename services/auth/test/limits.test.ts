import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { deleteEndedAttempts } from '../src/limits/limits.ts'
import { replaceReset } from '../src/recovery/reset-repository.ts'
import { type AuthService, PASSWORD, startAuthService } from './auth-service.ts'

let auth: AuthService
beforeAll(async () => {
  auth = await startAuthService({
    env: {
      LOGIN_FAILURES_PER_ACCOUNT: '3',
      LOGIN_FAILURES_PER_NETWORK: '6',
      REGISTRATIONS_PER_NETWORK: '2',
      MAIL_REQUESTS_PER_NETWORK: '2',
    },
  })
})
afterAll(() => auth.close())

let lastIp = 0
/** Somebody who was never here before. */
const from = (ip = `198.51.100.${++lastIp}`) => ({ 'x-forwarded-for': ip })
const register = (headers = from()) => {
  const email = `${randomUUID()}@example.test`
  return auth.client.register({ headers, body: { email, password: PASSWORD, firstName: 'Ada', lastName: 'Kowalska' } })
}
async function newAddress(): Promise<string> {
  const answer = await register()
  if (answer.status !== 201) throw new Error(answer.body.message)
  return answer.body.user.email
}
const login = (email: string, password: string, headers = from()) =>
  auth.app.inject({ method: 'POST', url: '/api/auth/login', headers, payload: { email, password } })
const statusOf = async (...args: Parameters<typeof login>) => (await login(...args)).statusCode

describe('signing in', () => {
  test.each(['known', 'unknown'])(
    'to a %s account after too many failures is refused for a while, also with the right password',
    async (kind) => {
      const email = kind === 'known' ? await newAddress() : `${randomUUID()}@example.test`
      for (let n = 0; n < 3; n++) expect(await statusOf(email, 'wrong')).toBe(401)
      const verify = vi.spyOn(auth.deps.passwords, 'verify')
      const refused = await login(email, PASSWORD)
      expect(verify).not.toHaveBeenCalled()
      verify.mockRestore()
      expect(refused.statusCode).toBe(429)
      expect(refused.json()).toMatchObject({ error: 'RATE_LIMITED', message: 'too many attempts: try again in 15 minutes' })
      const seconds = Number(refused.headers['retry-after'])
      expect(seconds).toBeGreaterThan(890)
      expect(seconds).toBeLessThanOrEqual(900)
      auth.moveClock(seconds)
      expect(await statusOf(email, PASSWORD)).toBe(kind === 'known' ? 200 : 401)
    },
  )
  test('counts anew after a success', async () => {
    const email = await newAddress()
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 2; n++) expect(await statusOf(email, 'wrong')).toBe(401)
      expect(await statusOf(email, PASSWORD)).toBe(200)
    }
  })
  test('from a network that failed too often, whichever the accounts, is refused there and nowhere else', async () => {
    const email = await newAddress()
    for (let n = 0; n < 6; n++) expect(await statusOf(`${randomUUID()}@example.test`, 'wrong', from('203.0.113.9'))).toBe(401)
    expect(await statusOf(email, PASSWORD, from('203.0.113.9'))).toBe(429)
    expect(await statusOf(email, PASSWORD, from('203.0.113.10'))).toBe(200)
  })
  test('lets nobody guess more often by guessing all at once', async () => {
    const email = await newAddress()
    const guesses = await Promise.all(Array.from({ length: 20 }, () => statusOf(email, 'wrong')))
    // Two at a time are verified: what was under way when the last failure counted may still be told that it is wrong.
    expect(guesses.filter((status) => status === 401).length).toBeLessThanOrEqual(3 + 2)
    expect(await statusOf(email, PASSWORD)).toBe(429)
  })
  test('is possible again at once for who has set a new password', async () => {
    const email = await newAddress()
    for (let n = 0; n < 3; n++) await login(email, 'wrong')
    const { rows } = await auth.deps.pool.query('select user_id from users where email = $1', [email])
    const createdAt = auth.deps.now()
    const expiresAt = new Date(createdAt.getTime() + 60_000)
    await replaceReset(auth.deps.prisma, { token: 'mailed', userId: rows[0].user_id, createdAt, expiresAt })
    await auth.client.resetPassword({ body: { token: 'mailed', password: 'another long password' } })
    expect(await statusOf(email, 'another long password')).toBe(200)
  })
})

test('registrations from one network are limited by the hour, for one whole network of IPv6', async () => {
  for (const network of [['203.0.113.50'], ['2001:db8:7:7::1', '2001:db8:7:7::2', '2001:db8:7:7:8::']]) {
    const ip = (n: number) => from(network[n % network.length])
    expect(await register(ip(0))).toMatchObject({ status: 201 })
    expect(await register(ip(1))).toMatchObject({ status: 201 })
    expect(await register(ip(2))).toMatchObject({ status: 429, body: { error: 'RATE_LIMITED' } })
    auth.moveClock(3_600)
    expect(await register(ip(2))).toMatchObject({ status: 201 })
  }
})

test('mails that a network asks for are limited by the hour, whatever they are', async () => {
  const headers = from()
  const body = () => ({ email: `${randomUUID()}@example.test` })
  expect(await auth.client.forgotPassword({ headers, body: body() })).toMatchObject({ status: 202 })
  expect(await auth.client.resendVerification({ headers, body: body() })).toMatchObject({ status: 202 })
  expect(await auth.client.forgotPassword({ headers, body: body() })).toMatchObject({
    status: 429,
    body: { error: 'RATE_LIMITED' },
  })
  expect(await auth.client.resendVerification({ headers, body: body() })).toMatchObject({ status: 429 })
})

test('what was counted holds no addresses, and is swept away when its time is over', async () => {
  const email = await newAddress()
  await login(email, 'wrong')
  const { rows } = await auth.deps.pool.query('select a::text as text from attempts a')
  expect(rows.filter(({ text }) => text.includes(email) || text.includes('198.51'))).toEqual([])
  auth.moveClock(7_200)
  await vi.waitFor(async () => {
    await deleteEndedAttempts(auth.deps.prisma, auth.deps.now(), 500)
    expect((await auth.deps.pool.query('select from attempts')).rowCount).toBe(0)
  })
})
