import { randomUUID } from 'node:crypto'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { deleteEndedAttempts } from '../src/limits/attempt-repository.ts'
import { insertReset } from '../src/mailed-tokens/reset-repository.ts'
import { PASSWORD, startService, type TestService } from './start-service.ts'

let auth: TestService
beforeAll(async () => {
  auth = await startService({
    env: {
      LOGIN_FAILURES_PER_ACCOUNT: '3',
      LOGIN_FAILURES_PER_ACCOUNT_ANYWHERE: '5',
      LOGIN_FAILURES_PER_NETWORK: '6',
      REGISTRATIONS_PER_NETWORK: '2',
      MAIL_REQUESTS_PER_NETWORK: '2',
    },
  })
})
afterAll(() => auth.close())

let lastIp = 0
/** A user without any history. */
const newIp = () => `198.51.100.${++lastIp}`
const from = (ip = newIp()) => ({ 'x-forwarded-for': ip })
const register = (headers = from()) => {
  const email = `${randomUUID()}@example.test`
  return auth.client.register({
    headers,
    body: { email, password: PASSWORD, firstName: 'Ada', lastName: 'Kowalska' },
  })
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
    'to a %s account after too many failures is refused there for a while, also with the right password',
    async (kind) => {
      const email = kind === 'known' ? await newAddress() : `${randomUUID()}@example.test`
      const here = from()
      for (let n = 0; n < 3; n++) expect(await statusOf(email, 'wrong', here)).toBe(401)
      const verify = vi.spyOn(auth.deps.passwords, 'verify')
      const refused = await login(email, PASSWORD, here)
      expect(verify).not.toHaveBeenCalled()
      verify.mockRestore()
      expect(refused.statusCode).toBe(429)
      expect(refused.json()).toMatchObject({
        error: 'RATE_LIMITED',
        message: 'too many attempts: try again in 15 minutes',
      })
      const seconds = Number(refused.headers['retry-after'])
      expect(seconds).toBeGreaterThan(890)
      expect(seconds).toBeLessThanOrEqual(900)
      auth.moveClock(seconds)
      expect(await statusOf(email, PASSWORD, here)).toBe(kind === 'known' ? 200 : 401)
    },
  )
  test('is not refused to other networks for the failures of one', async () => {
    const email = await newAddress()
    const attacker = from()
    for (let n = 0; n < 3; n++) expect(await statusOf(email, 'wrong', attacker)).toBe(401)
    expect(await statusOf(email, 'wrong', attacker)).toBe(429)
    expect(await statusOf(email, PASSWORD)).toBe(200)
  })
  test.each(['known', 'unknown'])(
    'to a %s account is bounded wherever the failures come from',
    async (kind) => {
      const email = kind === 'known' ? await newAddress() : `${randomUUID()}@example.test`
      for (let n = 0; n < 5; n++) expect(await statusOf(email, 'wrong')).toBe(401)
      expect(await statusOf(email, PASSWORD)).toBe(429)
      auth.moveClock(900)
      expect(await statusOf(email, PASSWORD)).toBe(kind === 'known' ? 200 : 401)
    },
  )
  test.each(['registered', 'signed in'])(
    'is possible throughout an attack for who has %s there lately',
    async (how) => {
      const home = from()
      const answer = await register(how === 'registered' ? home : from())
      if (answer.status !== 201) throw new Error(answer.body.message)
      const { user } = answer.body
      if (how === 'signed in') expect(await statusOf(user.email, PASSWORD, home)).toBe(200)
      for (let n = 0; n < 5; n++) await login(user.email, 'wrong')
      expect(await statusOf(user.email, PASSWORD)).toBe(429)
      expect(await statusOf(user.email, PASSWORD, home)).toBe(200)
      expect(await statusOf(user.email, PASSWORD), 'the attack is not forgotten').toBe(429)
      auth.moveClock(31 * 86_400)
      for (let n = 0; n < 5; n++) await login(user.email, 'wrong')
      expect(await statusOf(user.email, PASSWORD, home), 'after 31 days').toBe(429)
    },
  )
  test('keeps a network known for as long as a session goes on there', async () => {
    const home = from()
    const registered = await register(home)
    if (registered.status !== 201) throw new Error(registered.body.message)
    const { user, refreshToken } = registered.body
    auth.moveClock(20 * 86_400)
    expect(await auth.client.refresh({ body: { refreshToken }, headers: home })).toMatchObject({
      status: 200,
    })
    auth.moveClock(20 * 86_400)
    for (let n = 0; n < 5; n++) await login(user.email, 'wrong')
    expect(await statusOf(user.email, PASSWORD, home)).toBe(200)
  })
  test('resets the count after a success', async () => {
    const email = await newAddress()
    const here = from()
    for (let round = 0; round < 2; round++) {
      for (let n = 0; n < 2; n++) expect(await statusOf(email, 'wrong', here)).toBe(401)
      expect(await statusOf(email, PASSWORD, here)).toBe(200)
    }
    expect(await statusOf(email, 'wrong', here)).toBe(401)
  })
  test('from a network that failed too often, for any account, is refused only there', async () => {
    const email = await newAddress()
    for (let n = 0; n < 6; n++)
      expect(await statusOf(`${randomUUID()}@example.test`, 'wrong', from('203.0.113.9'))).toBe(401)
    expect(await statusOf(email, PASSWORD, from('203.0.113.9'))).toBe(429)
    expect(await statusOf(email, PASSWORD, from('203.0.113.10'))).toBe(200)
  })
  test.each(['one network', 'many'])(
    'allows no more guesses when they are concurrent from %s',
    async (where) => {
      const email = await newAddress()
      const ip = newIp()
      const guess = () => statusOf(email, 'wrong', where === 'many' ? from() : from(ip))
      const guesses = await Promise.all(Array.from({ length: 20 }, guess))
      // Two at a time are verified: what was under way when the last failure counted may still learn that
      // it is wrong.
      expect(guesses.filter((status) => status === 401).length).toBeLessThanOrEqual(
        (where === 'many' ? 5 : 3) + 2,
      )
      expect(await guess()).toBe(429)
    },
  )
  test('is possible again at once after a new password is set, wherever the failures were', async () => {
    const [home, elsewhere] = [from(), from()]
    const answer = await register(home)
    if (answer.status !== 201) throw new Error(answer.body.message)
    const { email, userId } = answer.body.user
    for (let n = 0; n < 3; n++) await login(email, 'wrong', home)
    for (let n = 0; n < 3; n++) await login(email, 'wrong', elsewhere)
    expect(await statusOf(email, PASSWORD)).toBe(429)
    const createdAt = auth.deps.now()
    const expiresAt = new Date(createdAt.getTime() + 60_000)
    await insertReset(auth.deps.db, { token: randomUUID(), userId, createdAt, expiresAt })
    await insertReset(auth.deps.db, { token: `mailed to ${userId}`, userId, createdAt, expiresAt })
    await auth.client.resetPassword({
      body: { token: `mailed to ${userId}`, password: 'another long password' },
    })
    for (let n = 0; n < 5; n++) expect(await statusOf(email, PASSWORD)).toBe(401)
    expect(await statusOf(email, 'another long password', home), 'known to the old password alone').toBe(429)
    auth.moveClock(900)
    for (const there of [home, elsewhere])
      expect(await statusOf(email, 'another long password', there)).toBe(200)
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
  await until(async () => {
    await deleteEndedAttempts(auth.deps.db, auth.deps.now(), 500)
    expect((await auth.deps.pool.query('select from attempts')).rowCount).toBe(0)
  })
})
