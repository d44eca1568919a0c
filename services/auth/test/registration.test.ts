import { randomUUID } from 'node:crypto'
import { passwordResetRequested, userCreated, userEmailVerified } from '@boxoffice/contracts'
import { archivePublished } from '@boxoffice/messaging'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createMailedToken } from '../src/mailed-tokens/mailed-token.ts'
import { insertVerification } from '../src/mailed-tokens/verification-repository.ts'
import { PASSWORD, startService, type TestService } from './start-service.ts'

let auth: TestService
beforeAll(async () => {
  auth = await startService()
})
afterAll(() => auth.close())

const person = { password: PASSWORD, firstName: 'Ελένη', lastName: 'Żółć-Łukasiewicz' }
const rows = async (text: string, ...values: unknown[]) => (await auth.deps.pool.query(text, values)).rows

test('who registers has an account in their own letters and is signed in', async () => {
  const email = `${randomUUID()}@Example.TEST`
  const answer = await auth.client.register({ body: { ...person, email, phone: '+48221234567' } })
  expect(answer).toMatchObject({
    status: 201,
    body: {
      user: {
        email: email.toLowerCase(),
        firstName: 'Ελένη',
        lastName: 'Żółć-Łukasiewicz',
        phone: '+48221234567',
        locale: 'en',
        emailVerified: false,
        roles: ['USER'],
      },
      expiresIn: 600,
    },
  })
  if (answer.status !== 201) return
  expect(await auth.as(answer.body).getMe({})).toEqual({ status: 200, body: answer.body.user })
})

test('the language is the one that was chosen, else the one that the browser asks for', async () => {
  const headers = { 'accept-language': 'el-GR,el;q=0.9' }
  const body = () => ({ ...person, email: `${randomUUID()}@example.test` })
  const asked = await auth.client.register({ body: body(), headers })
  const chosen = await auth.client.register({ body: { ...body(), locale: 'pl' }, headers })
  expect(asked.body).toMatchObject({ user: { locale: 'el-GR' } })
  expect(chosen.body).toMatchObject({ user: { locale: 'pl' } })
})

test('an address that has an account is refused however it is written', async () => {
  const { user } = await auth.register()
  const again = await auth.client.register({ body: { ...person, email: user.email.toUpperCase() } })
  expect(again).toMatchObject({ status: 409, body: { error: 'EMAIL_TAKEN' } })
})

test('of many concurrent registrations of one address one gets the account and a welcome', async () => {
  const email = `${randomUUID()}@example.test`
  const answers = await Promise.all(
    Array.from({ length: 6 }, () => auth.client.register({ body: { ...person, email } })),
  )
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409, 409])
  await auth.probe.waitFor(userCreated, ({ payload }) => payload.email === email)
  const users = await rows('select user_id from users where email = $1', email)
  expect(users).toHaveLength(1)
  expect(await rows('select from email_verifications where user_id = $1', users[0].user_id)).toHaveLength(1)
  expect(auth.probe.received(userCreated).filter(({ payload }) => payload.email === email)).toHaveLength(1)
})

test.each([
  ['a short password', { password: 'short' }],
  ['an address that is none', { email: 'nobody' }],
  ['a phone number without its country', { phone: '221234567' }],
  ['a field that is not asked for', { roles: ['ADMIN'] }],
  ['a name of two lines', { firstName: 'A\nB' }],
])('%s is refused with the field named', async (_, wrong) => {
  const payload = { ...person, email: `${randomUUID()}@example.test`, ...wrong }
  const answer = await auth.app.inject({ method: 'POST', url: '/api/auth/register', payload })
  expect(answer.statusCode).toBe(400)
  expect(answer.json()).toMatchObject({
    error: 'VALIDATION_FAILED',
    details: [{ path: `body.${Object.keys(wrong)[0]}` }],
  })
})

test('USER_CREATED carries a token that only notifications can read, proving the address', async () => {
  const session = await auth.register({ locale: 'pl' })
  const { userId, email } = session.user
  const created = await auth.probe.waitFor(userCreated, ({ payload }) => payload.userId === userId)
  expect(created).toMatchObject({
    aggregateVersion: 1,
    payload: { email, firstName: 'Ada', lastName: 'Kowalska', locale: 'pl' },
  })
  expect(created.payload.tokenExpiresAt.getTime() - created.payload.createdAt.getTime()).toBe(30 * 60_000)

  const token = await auth.open(created.payload.sealedToken)
  expect(await auth.client.verifyEmail({ body: { token, password: PASSWORD } })).toMatchObject({
    status: 204,
  })
  const verified = await auth.probe.waitFor(userEmailVerified, ({ payload }) => payload.userId === userId)
  expect(verified).toMatchObject({ aggregateVersion: 2, payload: { email } })
  expect(await auth.client.login({ body: { email, password: PASSWORD } })).toMatchObject({
    body: { user: { emailVerified: true } },
  })
})

test('the token is nowhere in the database as it is, and its message is never archived', async () => {
  const { user } = await auth.register()
  const { payload, messageId } = await auth.probe.waitFor(
    userCreated,
    ({ payload }) => payload.userId === user.userId,
  )
  const token = await auth.open(payload.sealedToken)
  for (const table of ['outbox', 'message_archive', 'email_verifications', 'users', 'idempotency_keys']) {
    expect(await rows(`select from ${table} t where t::text like '%' || $1 || '%'`, token), table).toEqual([])
  }
  // Once it was published it leaves the outbox, and nothing of it is kept.
  await until(async () => {
    await archivePublished(auth.deps.db)
    expect(await rows('select from outbox where message_id = $1', messageId)).toEqual([])
  })
  expect(await rows('select from message_archive where message_id = $1', messageId)).toEqual([])
})

test('a link that is followed again still answers well, and says nothing twice', async () => {
  const { user } = await auth.register()
  const { payload } = await auth.probe.waitFor(userCreated, ({ payload }) => payload.userId === user.userId)
  const token = await auth.open(payload.sealedToken)
  const body = { token, password: PASSWORD }
  const answers = await Promise.all(Array.from({ length: 4 }, () => auth.client.verifyEmail({ body })))
  expect(answers.map(({ status }) => status)).toEqual([204, 204, 204, 204])
  const messages = await rows(
    "select from outbox where event_type = 'USER_EMAIL_VERIFIED' and body #>> '{payload,userId}' = $1",
    user.userId,
  )
  const archived = await rows(
    `select from message_archive where event_type = 'USER_EMAIL_VERIFIED'
       and body #>> '{payload,userId}' = $1`,
    user.userId,
  )
  expect(messages.length + archived.length).toBe(1)
})

async function registered() {
  const session = await auth.register({ phone: '+48221234567' })
  return { session, token: await auth.welcomeToken(session) }
}
const login = (email: string, password: string) => auth.client.login({ body: { email, password } })

test('a reader who did not register disowns the account, without confirming the address', async () => {
  const { session, token } = await registered()
  const { email, userId } = session.user
  for (let times = 0; times < 2; times++) {
    expect(await auth.client.verifyEmail({ body: { token, mine: false } })).toMatchObject({ status: 204 })
  }
  expect(await login(email, PASSWORD)).toMatchObject({ status: 401 })
  const { refreshToken } = session
  expect(await auth.client.refresh({ body: { refreshToken } })).toMatchObject({
    status: 401,
    body: { error: 'TOKEN_REVOKED' },
  })
  await until(() => expect(auth.as(session).getMe({})).rejects.toMatchObject({ status: 401 }))
  for (const proof of [{ password: PASSWORD }, { newPassword: PASSWORD }]) {
    expect(
      (await auth.client.verifyEmail({ body: { token, ...proof } })).status,
      'nor does it later',
    ).toBeGreaterThanOrEqual(400)
  }
  expect(await rows('select email_verified_at, phone from users where user_id = $1', userId)).toEqual([
    { email_verified_at: null, phone: null },
  ])
  expect(
    await rows(
      "select from outbox where event_type = 'USER_EMAIL_VERIFIED' and body #>> '{payload,userId}' = $1",
      userId,
    ),
  ).toEqual([])

  await auth.client.forgotPassword({ body: { email } })
  const { payload } = await auth.probe.waitFor(
    passwordResetRequested,
    ({ payload }) => payload.userId === userId,
  )
  const reset = { token: await auth.open(payload.sealedToken), password: 'a password of the owner' }
  expect(await auth.client.resetPassword({ body: reset })).toMatchObject({ status: 204 })
  expect(await login(email, reset.password)).toMatchObject({ status: 200 })
})

test('a confirmed address is not taken from its owner, and only a valid token takes one', async () => {
  const { session, token } = await registered()
  await auth.client.verifyEmail({ body: { token, password: PASSWORD } })
  const invalid = { status: 400, body: { error: 'TOKEN_INVALID' } }
  expect(await auth.client.verifyEmail({ body: { token: 'x'.repeat(43), mine: false } })).toMatchObject(
    invalid,
  )
  expect(await auth.client.verifyEmail({ body: { token, mine: false } })).toMatchObject(invalid)
  expect(await login(session.user.email, PASSWORD)).toMatchObject({ status: 200 })
})

test('one address confirmed and disowned at the same moment is either, and neither fails', async () => {
  for (let round = 0; round < 5; round++) {
    const { session, token } = await registered()
    const bodies = [
      { mine: false },
      { newPassword: 'of the reader' },
      { mine: false },
      { newPassword: 'of the reader' },
    ]
    const answers = await Promise.all(
      bodies.map((body) => auth.client.verifyEmail({ body: { token, ...body } })),
    )
    const { status } = await login(session.user.email, 'of the reader')
    const confirmed = status === 200
    expect(answers.map((answer) => answer.status)).toEqual(
      confirmed ? [400, 204, 400, 204] : [204, 400, 204, 400],
    )
    expect(await login(session.user.email, PASSWORD)).toMatchObject({ status: 401 })
  }
})

test('a token that is unknown or older than half an hour proves nothing', async () => {
  const invalid = { status: 400, body: { error: 'TOKEN_INVALID' } }
  expect(
    await auth.client.verifyEmail({ body: { token: 'x'.repeat(43), password: PASSWORD } }),
  ).toMatchObject(invalid)

  const session = await auth.register()
  const { userId } = session.user
  const token = createMailedToken()
  const createdAt = new Date(Date.now() - 30 * 60_000)
  await insertVerification(auth.deps.db, {
    token,
    userId,
    createdAt,
    expiresAt: new Date(createdAt.getTime() + 30 * 60_000),
  })
  for (const body of [{ password: PASSWORD }, { newPassword: PASSWORD }, { mine: false }]) {
    const answer = await auth.client.verifyEmail({ body: { token, ...body } })
    expect(answer).toMatchObject({ status: 400, body: { error: 'TOKEN_EXPIRED' } })
  }
  expect(await auth.as(session).getMe({})).toMatchObject({ body: { emailVerified: false } })
})

test('where the message cannot be kept there is no account either', async () => {
  const email = `${randomUUID()}@example.test`
  const append = vi.spyOn(auth.deps.messaging, 'append').mockRejectedValueOnce(new Error('no outbox'))
  const answer = await auth.app.inject({
    method: 'POST',
    url: '/api/auth/register',
    payload: { ...person, email },
  })
  append.mockRestore()
  expect(answer.statusCode).toBe(500)
  expect(await rows('select from users where email = $1', email)).toEqual([])
  expect(await auth.client.register({ body: { ...person, email } })).toMatchObject({ status: 201 })
})

test('an Idempotency-Key at the registration keeps no tokens', async () => {
  const headers = { 'idempotency-key': randomUUID() }
  await auth.client.register({ body: { ...person, email: `${randomUUID()}@example.test` }, headers })
  expect(await rows('select from idempotency_keys')).toEqual([])
})

test.each([
  ['an address with capitals', 'update users set email = upper(email)', 'users_email_lower_case'],
  ['a role that there is not', "update users set roles = '{USER,KING}'", 'users_roles_valid'],
  ['a user without the role USER', "update users set roles = '{ADMIN}'", 'users_roles_valid'],
  ['a password as it is', "update users set password_hash = 'secret'", 'users_password_hash_is_argon2id'],
  [
    'a token that lives long',
    "update email_verifications set expires_at = created_at + interval '31 minutes'",
    'email_verifications_short_lived',
  ],
])('the database itself refuses %s', async (_, statement, constraint) => {
  await auth.register()
  await expect(auth.deps.pool.query(statement)).rejects.toMatchObject({ constraint })
})
