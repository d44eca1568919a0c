import { randomUUID } from 'node:crypto'
import {
  authMailingRoutes,
  emailVerificationRequested,
  passwordResetRequested,
  type Session,
  sessionsEnded,
  userCreated,
  userEmailVerified,
} from '@boxoffice/contracts'
import { injectClient } from '@boxoffice/service-kit/testing'
import { until } from '@boxoffice/testing'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { insertReset } from '../src/mailed-tokens/reset-repository.ts'
import { PASSWORD, startService, type TestService } from './start-service.ts'

let auth: TestService
beforeAll(async () => {
  auth = await startService()
})
afterAll(() => auth.close())

const NEW_PASSWORD = 'another long password'
const rows = async (text: string, ...values: unknown[]) => (await auth.deps.pool.query(text, values)).rows
const forgot = (email: string) => auth.client.forgotPassword({ body: { email } })
const reset = (token: string, password = NEW_PASSWORD) =>
  auth.client.resetPassword({ body: { token, password } })
const login = (email: string, password: string) => auth.client.login({ body: { email, password } })
/** Whatever was asked for has been looked into. */
const settled = () => until(async () => expect(await rows('select from mail_requests')).toEqual([]))
const publishedFor = (
  message: typeof passwordResetRequested | typeof emailVerificationRequested,
  { user }: Session,
) => auth.probe.received(message).filter(({ payload }) => payload.userId === user.userId)

async function mailedTokens(
  message: typeof passwordResetRequested | typeof emailVerificationRequested,
  session: Session,
  count = 1,
) {
  await until(() => expect(publishedFor(message, session)).toHaveLength(count))
  return Promise.all(publishedFor(message, session).map(({ payload }) => auth.open(payload.sealedToken)))
}
async function resetToken(session: Session): Promise<string> {
  expect(await forgot(session.user.email)).toMatchObject({ status: 202 })
  const [token = ''] = await mailedTokens(passwordResetRequested, session)
  return token
}

describe('a forgotten password', () => {
  test('is replaced with the token that was mailed, once', async () => {
    const session = await auth.register({ locale: 'pl' })
    const { email } = session.user
    const token = await resetToken(session)
    expect(publishedFor(passwordResetRequested, session)[0]?.payload).toMatchObject({
      email,
      firstName: 'Ada',
      locale: 'pl',
    })
    expect(await reset(token)).toMatchObject({ status: 204 })
    expect(await login(email, PASSWORD)).toMatchObject({
      status: 401,
      body: { error: 'INVALID_CREDENTIALS' },
    })
    expect(await login(email, NEW_PASSWORD)).toMatchObject({ status: 200 })
    expect(await reset(token, 'a third long password')).toMatchObject({
      status: 400,
      body: { error: 'TOKEN_INVALID' },
    })
    expect(await login(email, NEW_PASSWORD)).toMatchObject({ status: 200 })
  })
  test('ends every session of the account when it is replaced, and no other', async () => {
    const [session, other] = [await auth.register(), await auth.register()]
    const second = await login(session.user.email, PASSWORD)
    if (second.status !== 200) throw new Error('not signed in')
    await reset(await resetToken(session))
    for (const { refreshToken, accessToken } of [session, second.body]) {
      const answer = await auth.client.refresh({ body: { refreshToken } })
      expect(answer).toMatchObject({ status: 401, body: { error: 'TOKEN_REVOKED' } })
      await expect(auth.as({ accessToken }).getMe({})).rejects.toMatchObject({ status: 401 })
    }
    expect(await auth.client.refresh({ body: { refreshToken: other.refreshToken } })).toMatchObject({
      status: 200,
    })
    const { userId } = session.user
    const { payload } = await auth.probe.waitFor(
      sessionsEnded,
      (message) => message.payload.userId === userId,
    )
    expect(payload.sessionIds.sort()).toEqual(
      [session, second.body].map(({ accessToken }) => decodeJwt(accessToken).sid).sort(),
    )
  })
  test('ends what hangs on sessions that ran out and are no longer known, by their time', async () => {
    const session = await auth.register()
    const { userId } = session.user
    await auth.deps.pool.query('delete from refresh_families where user_id = $1', [userId])
    const before = auth.deps.now()
    await reset(await resetToken(session))
    const { payload } = await auth.probe.waitFor(
      sessionsEnded,
      (message) => message.payload.userId === userId,
    )
    expect(payload.sessionIds).toEqual([])
    expect(payload.allUntil?.getTime()).toBeGreaterThanOrEqual(before.getTime())
    expect(payload.allUntil?.getTime()).toBeLessThanOrEqual(auth.deps.now().getTime())
  })
  test('proves the address, since its mail was read', async () => {
    const session = await auth.register()
    await reset(await resetToken(session))
    const { userId, email } = session.user
    const { payload } = await auth.probe.waitFor(
      userEmailVerified,
      (message) => message.payload.userId === userId,
    )
    expect(payload).toMatchObject({ email })
    expect(await login(email, NEW_PASSWORD)).toMatchObject({
      status: 200,
      body: { user: { emailVerified: true } },
    })
  })
  test('is replaced by any token that was mailed lately, which ends the others', async () => {
    const session = await auth.register()
    const first = await resetToken(session)
    for (const count of [2, 3]) {
      auth.moveClock(61)
      await forgot(session.user.email)
      await mailedTokens(passwordResetRequested, session, count)
    }
    const [, second = '', third = ''] = await mailedTokens(passwordResetRequested, session, 3)
    expect(await reset(second)).toMatchObject({ status: 204 })
    for (const token of [first, third]) {
      expect(await reset(token, 'a third long password')).toMatchObject({
        status: 400,
        body: { error: 'TOKEN_INVALID' },
      })
    }
    expect(await login(session.user.email, NEW_PASSWORD)).toMatchObject({ status: 200 })
  })
  test('is replaced once by two tokens at the same moment, while another is being mailed', async () => {
    for (let round = 0; round < 5; round++) {
      const { user } = await auth.register()
      const createdAt = auth.deps.now()
      const times = { userId: user.userId, createdAt, expiresAt: new Date(createdAt.getTime() + 60_000) }
      const tokens = [randomUUID(), randomUUID()]
      for (const token of tokens) await insertReset(auth.deps.db, { token, ...times })
      const answers = await Promise.all([...tokens.map((token) => reset(token)), forgot(user.email)])
      expect(answers.map(({ status }) => status).toSorted()).toEqual([202, 204, 400])
    }
    await settled()
  })
  test('waits for the lock of the account, and locks nothing of it before', async () => {
    const { user } = await auth.register()
    const createdAt = auth.deps.now()
    const token = randomUUID()
    const times = { createdAt, expiresAt: new Date(createdAt.getTime() + 60_000) }
    await insertReset(auth.deps.db, { token, userId: user.userId, ...times })
    const client = await auth.deps.pool.connect()
    await client.query('begin')
    await client.query('select from users where user_id = $1 for no key update', [user.userId])
    const answer = reset(token)
    await until(async () => {
      const waiting =
        "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
      expect(await rows(waiting)).toHaveLength(1)
    })
    await client.query('update password_resets set expires_at = expires_at where user_id = $1', [user.userId])
    await client.query('commit')
    client.release()
    expect(await answer).toMatchObject({ status: 204 })
  })
  test('is not replaced with a token that is half an hour old, nor with one that is unknown', async () => {
    const session = await auth.register()
    const token = await resetToken(session)
    auth.moveClock(30 * 60)
    expect(await reset(token)).toMatchObject({ status: 400, body: { error: 'TOKEN_EXPIRED' } })
    expect(await reset('x'.repeat(43))).toMatchObject({ status: 400, body: { error: 'TOKEN_INVALID' } })
    expect(await login(session.user.email, PASSWORD)).toMatchObject({ status: 200 })
  })
  test('is replaced once by many at the same moment', async () => {
    const session = await auth.register()
    const token = await resetToken(session)
    const answers = await Promise.all(Array.from({ length: 4 }, (_, n) => reset(token, `long password ${n}`)))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([204, 400, 400, 400])
    const winner = answers.findIndex(({ status }) => status === 204)
    expect(await login(session.user.email, `long password ${winner}`)).toMatchObject({ status: 200 })
  })
  test('is no way in for who was signing in with the old one meanwhile', async () => {
    const session = await auth.register()
    const token = await resetToken(session)
    const { verify } = auth.deps.passwords
    const spy = vi.spyOn(auth.deps.passwords, 'verify').mockImplementationOnce(async (password, phc) => {
      const right = await verify(password, phc)
      await reset(token)
      return right
    })
    expect(await login(session.user.email, PASSWORD)).toMatchObject({ status: 401 })
    expect(spy).toHaveBeenCalledOnce()
    spy.mockRestore()
    expect(
      await rows(
        'select from refresh_families where user_id = $1 and revoked_at is null',
        session.user.userId,
      ),
    ).toEqual([])
  })
  test('leaves its token nowhere as it is', async () => {
    const session = await auth.register()
    const token = await resetToken(session)
    await reset(token)
    for (const table of [
      'outbox',
      'message_archive',
      'password_resets',
      'mail_requests',
      'users',
      'attempts',
    ]) {
      expect(await rows(`select from ${table} t where t::text like '%' || $1 || '%'`, token), table).toEqual(
        [],
      )
    }
  })
})

describe('a mail that is asked for', () => {
  test('is answered alike, and after the same work, whether or not there is an account', async () => {
    const { user } = await auth.register()
    const work = async (email: string) => {
      const query = vi.spyOn(auth.deps.db.prisma.mailRequest, 'create')
      const answer = await forgot(email)
      const calls = query.mock.calls.length
      query.mockRestore()
      return { answer, calls }
    }
    const known = await work(user.email)
    expect(await work(`${randomUUID()}@example.test`)).toEqual(known)
    expect(known).toEqual({ answer: { status: 202, body: undefined }, calls: 1 })
    await settled()
  })
  test('is not sent without an account', async () => {
    const email = `${randomUUID()}@example.test`
    await forgot(email)
    await settled()
    expect(await rows("select from outbox where body #>> '{payload,email}' = $1", email)).toEqual([])
  })
  test('goes out once a minute at most, however often and by whomever it is asked for', async () => {
    const session = await auth.register()
    auth.moveClock(61)
    await Promise.all(Array.from({ length: 5 }, () => forgot(session.user.email)))
    await settled()
    await mailedTokens(passwordResetRequested, session)
    auth.moveClock(61)
    await forgot(session.user.email)
    expect(await mailedTokens(passwordResetRequested, session, 2)).toHaveLength(2)
  })
  test.each([
    ['a forgotten password', passwordResetRequested, forgot, 5],
    // One of the five is the welcome.
    [
      'an address',
      emailVerificationRequested,
      (email: string) => auth.client.resendVerification({ body: { email } }),
      4,
    ],
  ])(
    'for %s goes out five times an hour at most, and the last is as good as the first',
    async (_, message, ask, mails) => {
      const session = await auth.register()
      for (let n = 0; n < 8; n++) {
        auth.moveClock(61)
        expect(await ask(session.user.email)).toMatchObject({ status: 202 })
        await settled()
      }
      const tokens = await mailedTokens(message, session, mails)
      expect(new Set(tokens).size).toBe(mails)
      auth.moveClock(3_600)
      await ask(session.user.email)
      await mailedTokens(message, session, mails + 1)
    },
  )
  test('carries on the correlation id of who asked', async () => {
    const session = await auth.register()
    const headers = { 'x-correlation-id': 'who-asked' }
    await auth.client.forgotPassword({ body: { email: session.user.email }, headers })
    await mailedTokens(passwordResetRequested, session)
    expect(publishedFor(passwordResetRequested, session)[0]).toMatchObject({ correlationId: 'who-asked' })
  })
})

describe('another link for an address', () => {
  test('is mailed to who is signed in, without a body too, and proves the address', async () => {
    const session = await auth.register()
    auth.moveClock(61)
    const answer = await auth.app.inject({
      method: 'POST',
      url: '/api/auth/verify-email/resend',
      headers: { authorization: `Bearer ${session.accessToken}` },
    })
    expect(answer.statusCode).toBe(202)
    const [token = ''] = await mailedTokens(emailVerificationRequested, session)
    expect(await auth.client.verifyEmail({ body: { token, password: PASSWORD } })).toMatchObject({
      status: 204,
    })
    expect((await login(session.user.email, PASSWORD)).body).toMatchObject({ user: { emailVerified: true } })
  })
  test('is mailed on anyone’s request, but not right after the welcome', async () => {
    const session = await auth.register()
    const resend = () => auth.client.resendVerification({ body: { email: session.user.email.toUpperCase() } })
    expect(await resend()).toMatchObject({ status: 202 })
    await settled()
    auth.moveClock(61)
    expect(await resend()).toMatchObject({ status: 202 })
    expect(await mailedTokens(emailVerificationRequested, session)).toHaveLength(1)
  })
  test('is not mailed once the address is confirmed', async () => {
    const session = await auth.proven()
    auth.moveClock(61)
    expect(await auth.as(session).resendVerification({ body: {} })).toMatchObject({ status: 202 })
    await settled()
    expect(
      await rows(
        `select from outbox where event_type = 'EMAIL_VERIFICATION_REQUESTED'
           and body #>> '{payload,userId}' = $1`,
        session.user.userId,
      ),
    ).toEqual([])
  })
  test.each([[undefined], [{}]])('needs an address of who is not signed in: %j', async (payload) => {
    const answer = await auth.app.inject({ method: 'POST', url: '/api/auth/verify-email/resend', payload })
    expect(answer.statusCode).toBe(400)
    expect(answer.json()).toMatchObject({ error: 'VALIDATION_FAILED', details: [{ path: 'body.email' }] })
  })
})

describe('whether a link still works', () => {
  const check = async (purpose: 'VERIFY_EMAIL' | 'RESET_PASSWORD', token: string) => {
    const headers = await auth.authority.service('notification-service', 'auth-service')
    const answer = await injectClient(auth.app, authMailingRoutes, headers).checkMailedToken({
      body: { purpose, token },
    })
    return answer.body
  }
  test('is stated for a password’s: until another link is used, and no longer than it lasts', async () => {
    const session = await auth.register()
    const token = await resetToken(session)
    expect(await check('RESET_PASSWORD', token)).toEqual({ works: true, emailVerified: false })
    // Asking uses nothing up.
    expect(await check('RESET_PASSWORD', token)).toMatchObject({ works: true })
    const userId = session.user.userId
    const [other, late] = ['another token', 'a late token'].map((text) => `${text} ${randomUUID()}`) as [
      string,
      string,
    ]
    const createdAt = auth.deps.now()
    await insertReset(auth.deps.db, {
      token: other,
      userId,
      createdAt,
      expiresAt: new Date(createdAt.getTime() + 60_000),
    })
    const before = new Date(createdAt.getTime() - 60_000)
    await insertReset(auth.deps.db, { token: late, userId, createdAt: before, expiresAt: createdAt })
    expect(await check('RESET_PASSWORD', late)).toMatchObject({ works: false })
    expect(await reset(other)).toMatchObject({ status: 204 })
    expect(await check('RESET_PASSWORD', token)).toEqual({ works: false, emailVerified: false })
    expect(await check('RESET_PASSWORD', 'unknown')).toEqual({ works: false, emailVerified: false })
  })
  test('is said of an address’s: until it is confirmed, by whichever link', async () => {
    const session = await auth.register()
    const [welcome] = auth.probe
      .received(userCreated)
      .filter(({ payload }) => payload.userId === session.user.userId)
    const created =
      welcome ??
      (await auth.probe.waitFor(userCreated, ({ payload }) => payload.userId === session.user.userId))
    const token = await auth.open(created.payload.sealedToken)
    expect(await check('VERIFY_EMAIL', token)).toEqual({ works: true, emailVerified: false })
    expect(await check('RESET_PASSWORD', token)).toMatchObject({ works: false })
    await reset(await resetToken(session)) // which proves the address too
    expect(await check('VERIFY_EMAIL', token)).toEqual({ works: false, emailVerified: true })
  })
  test('can be checked by the notification service alone', async () => {
    const url = '/api/auth/internal/mailed-tokens/check'
    const payload = { purpose: 'VERIFY_EMAIL', token: 'x' }
    const headers = await auth.authority.service('payment-service', 'auth-service')
    expect((await auth.app.inject({ method: 'POST', url, payload, headers })).statusCode).toBe(403)
    expect((await auth.app.inject({ method: 'POST', url, payload })).statusCode).toBe(401)
  })
})
