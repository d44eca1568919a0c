import { randomUUID } from 'node:crypto'
import { passwordResetRequested, userCreated } from '@boxoffice/contracts'
import {
  longNames,
  refusedAddresses,
  refusedNames,
  refusedPhones,
  until,
  writtenAddresses,
  writtenNames,
  writtenPhones,
} from '@boxoffice/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PASSWORD, startService, type TestService } from './start-service.ts'

// How the world writes, at every door of this service. As JSON: a client would tidy it before it is sent.

let auth: TestService
beforeAll(async () => {
  auth = await startService({
    env: { REGISTRATIONS_PER_NETWORK: '10000', MAIL_REQUESTS_PER_NETWORK: '10000' },
  })
})
afterAll(() => auth.close())

const post = (path: string, payload: object) =>
  auth.app.inject({ method: 'POST', url: `/api/auth/${path}`, payload })
const registration = (over: object = {}) => ({
  email: `${randomUUID()}@example.test`,
  password: PASSWORD,
  firstName: 'Ada',
  lastName: 'Kowalska',
  ...over,
})
const register = (over: object) => post('register', registration(over))
async function patch(accessToken: string, payload: object) {
  const headers = { authorization: `Bearer ${accessToken}` }
  return auth.app.inject({ method: 'PATCH', url: '/api/auth/me', payload, headers })
}
const refused = (path: string, error: RegExp) => ({
  error: 'VALIDATION_FAILED',
  details: [{ path: `body.${path}`, message: expect.stringMatching(error) }],
})

describe('a name', () => {
  test('is kept as people write theirs, in the account and in what other services hear of it', async () => {
    const check = async ({ typed, kept = typed, why }: (typeof writtenNames)[number]) => {
      const answer = await register({ firstName: typed, lastName: typed })
      expect(answer.json(), why).toMatchObject({ user: { firstName: kept, lastName: kept } })
      const { accessToken, user } = answer.json()
      const { payload } = await auth.probe.waitFor(
        userCreated,
        ({ payload }) => payload.userId === user.userId,
      )
      expect(payload, why).toMatchObject({ firstName: kept, lastName: kept })
      expect((await patch(accessToken, { firstName: kept, lastName: typed })).json(), why).toMatchObject(user)
    }
    await Promise.all(writtenNames.map(check))
  })
  test('may be as long as people see it', async () => {
    for (const name of longNames) {
      const answer = await register({ firstName: name, lastName: name })
      expect(answer.json()).toMatchObject({ user: { firstName: name, lastName: name } })
      const { userId } = answer.json().user
      await auth.probe.waitFor(
        userCreated,
        ({ payload }) => payload.userId === userId && payload.lastName === name,
      )
    }
  })
  test('that is invisible, or reverses the text after it, is refused with a reason', async () => {
    const { accessToken } = await auth.register()
    for (const { typed, error } of refusedNames) {
      const answers = [
        ['firstName', await register({ firstName: typed })],
        ['lastName', await register({ lastName: typed })],
        ['lastName', await patch(accessToken, { lastName: typed })],
      ] as const
      for (const [field, answer] of answers) {
        expect(answer.statusCode, JSON.stringify(typed)).toBe(400)
        expect(answer.json(), JSON.stringify(typed)).toMatchObject(refused(field, error))
      }
    }
  })
  test('is one where people have one', async () => {
    const { lastName: _, ...one } = registration({ firstName: 'Sukarno' })
    const answer = await post('register', one)
    expect(answer.json()).toMatchObject({ user: { firstName: 'Sukarno', lastName: '' } })
    const { accessToken, user } = answer.json()
    const { payload } = await auth.probe.waitFor(userCreated, ({ payload }) => payload.userId === user.userId)
    expect(payload).toMatchObject({ firstName: 'Sukarno', lastName: '' })
    expect((await patch(accessToken, { lastName: 'Sosro' })).json()).toMatchObject({ lastName: 'Sosro' })
    expect((await patch(accessToken, { lastName: null })).json()).toEqual(user)
  })
})

describe('an address', () => {
  test.each(writtenAddresses)('$kept has one account, however it is written', async ({ kept, typed }) => {
    const answer = await register({ email: typed.at(-1) })
    expect(answer.json()).toMatchObject({ user: { email: kept } })
    const { userId } = answer.json().user
    const login = (email: string) => post('login', { email, password: PASSWORD })
    for (const email of typed) {
      expect((await register({ email })).json(), email).toMatchObject({ error: 'EMAIL_TAKEN' })
      expect((await login(email)).json(), email).toMatchObject({ user: { userId, email: kept } })
      const asked = auth.probe.received(passwordResetRequested).length
      auth.moveClock(86_400) // an account is mailed ten links a day
      expect((await post('password/forgot', { email })).statusCode, email).toBe(202)
      expect((await post('verify-email/resend', { email })).statusCode, email).toBe(202)
      await until(() => {
        const received = auth.probe.received(passwordResetRequested).slice(asked)
        expect(received, email).toMatchObject([{ payload: { userId, email: kept } }])
      })
    }
    const internal = await auth.service('ticket-service')
    for (const email of typed)
      expect(await internal.getUserByEmail({ body: { email } })).toMatchObject({ body: { userId } })
  })
  test('that no mail is sent to is refused with a reason, at every door', async () => {
    for (const { typed, error } of refusedAddresses) {
      const answers = await Promise.all([
        register({ email: typed }),
        post('login', { email: typed, password: PASSWORD }),
        post('password/forgot', { email: typed }),
        post('verify-email/resend', { email: typed }),
      ])
      for (const answer of answers) {
        expect(answer.statusCode, typed).toBe(400)
        expect(answer.json(), typed).toMatchObject(refused('email', error))
      }
    }
  })
  test('is kept in one spelling, and the database refuses any other', async () => {
    const { user } = await auth.register()
    const rename = (email: string) =>
      auth.deps.pool.query('update users set email = $2 where user_id = $1', [user.userId, email])
    for (const email of [
      ` ${user.email}`,
      `${user.email} `,
      `ż${user.email}`,
      'ada@bücher.example',
      'ada@home@example.com',
      'ada',
    ])
      await expect(rename(email), email).rejects.toMatchObject({ constraint: 'users_email_one_spelling' })
    await expect(rename(user.email.toUpperCase())).rejects.toMatchObject({
      constraint: 'users_email_lower_case',
    })
  })
})

describe('a telephone number', () => {
  test('is kept in the form in which it is dialled', async () => {
    const { accessToken } = await auth.register()
    for (const { typed, country, kept } of writtenPhones) {
      const phone = { phone: typed, ...(country && { phoneCountry: country }) }
      expect((await register(phone)).json(), typed).toMatchObject({ user: { phone: kept } })
      expect((await patch(accessToken, phone)).json(), typed).toMatchObject({ phone: kept })
    }
  })
  test('that is none is refused with a reason', async () => {
    const { accessToken, user } = await auth.register({ phone: '+48221234567' })
    for (const { typed, country, error } of refusedPhones) {
      const phone = { phone: typed, ...(country && { phoneCountry: country }) }
      for (const answer of [await register(phone), await patch(accessToken, phone)]) {
        expect(answer.statusCode, typed).toBe(400)
        expect(answer.json(), typed).toMatchObject(refused('phone', error))
      }
    }
    expect((await auth.as({ accessToken }).getMe({})).body).toEqual(user)
  })
})
