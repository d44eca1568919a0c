import { randomUUID } from 'node:crypto'
import { sessionsEnded } from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { deleteExpiredFamilies } from '../src/sessions/session-repository.ts'
import { PASSWORD, startService, type TestService } from './start-service.ts'

let auth: TestService
beforeAll(async () => {
  auth = await startService()
})
afterAll(() => auth.close())
afterEach(() => vi.restoreAllMocks())

const refresh = (refreshToken: string) => auth.client.refresh({ body: { refreshToken } })
const rotate = async (refreshToken: string): Promise<string> => {
  const answer = await refresh(refreshToken)
  if (answer.status !== 200) throw new Error(`not refreshed: ${JSON.stringify(answer.body)}`)
  return answer.body.refreshToken
}

test('the right password gives a session of 10 minutes, signed for every service', async () => {
  const { user } = await auth.register()
  const answer = await auth.client.login({ body: { email: user.email.toUpperCase(), password: PASSWORD } })
  expect(answer).toMatchObject({ status: 200, body: { user, expiresIn: 600 } })
  if (answer.status !== 200) return
  const { accessToken } = answer.body
  expect(decodeProtectedHeader(accessToken)).toEqual({ alg: 'EdDSA', typ: 'at+jwt', kid: 'test-token-key' })
  const claims = decodeJwt(accessToken)
  expect(claims).toMatchObject({
    sub: user.userId,
    email: user.email,
    roles: ['USER'],
    iss: 'boxoffice',
    aud: 'boxoffice',
  })
  expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(600)
})

test('answers with tokens are kept by no cache', async () => {
  const { user } = await auth.register()
  const payload = { email: user.email, password: PASSWORD }
  const answer = await auth.app.inject({ method: 'POST', url: '/api/auth/login', payload })
  expect(answer.headers['cache-control']).toBe('no-store')
})

test('a wrong password and an unknown address get one answer, after the same work', async () => {
  const { user } = await auth.register()
  const verify = vi.spyOn(auth.deps.passwords, 'verify')
  const wrong = await auth.client.login({ body: { email: user.email, password: 'not the password' } })
  const unknown = await auth.client.login({
    body: { email: `${randomUUID()}@example.test`, password: PASSWORD },
  })
  const { requestId: _, ...body } = wrong.body as { requestId: string }
  expect(wrong.status).toBe(401)
  expect(unknown).toMatchObject({ status: 401, body })
  expect(body).toMatchObject({ error: 'INVALID_CREDENTIALS' })
  expect(verify).toHaveBeenCalledTimes(2)
})

test('a refresh rotates the token, and the chain goes on', async () => {
  const { user, refreshToken } = await auth.register()
  const second = await rotate(refreshToken)
  const third = await rotate(second)
  expect(new Set([refreshToken, second, third]).size).toBe(3)
  expect(await refresh(third)).toMatchObject({ status: 200, body: { user } })
})

test('a token reused within the grace, while its successor is unused, gets that again', async () => {
  const { refreshToken } = await auth.register()
  await auth.withoutTime(async () => {
    const successor = await rotate(refreshToken)
    auth.moveClock(9)
    expect(await rotate(refreshToken)).toBe(successor)
    expect(await refresh(successor)).toMatchObject({ status: 200 })
  })
})

test('a token used again after the grace ends the whole family', async () => {
  const { refreshToken } = await auth.register()
  const successor = await rotate(refreshToken)
  auth.moveClock(11)
  expect(await refresh(refreshToken)).toMatchObject({ status: 401, body: { error: 'TOKEN_REUSED' } })
  expect(await refresh(successor)).toMatchObject({ status: 401, body: { error: 'TOKEN_REVOKED' } })
  expect(await refresh(refreshToken)).toMatchObject({ status: 401, body: { error: 'TOKEN_REUSED' } })
})

test('tabs that lag behind within the grace all get the newest token, after any rotation', async () => {
  const { refreshToken: first } = await auth.register()
  await auth.withoutTime(async () => {
    const second = await rotate(first)
    auth.moveClock(3)
    const third = await rotate(second)
    auth.moveClock(3)
    const newest = await rotate(third)
    auth.moveClock(3)
    const lagging = [first, second, third, first, second, third]
    expect(new Set(await Promise.all(lagging.map(rotate)))).toEqual(new Set([newest]))
    const next = await rotate(newest)
    expect(await rotate(third)).toBe(next)
    // Its own grace period is over, so this is a reuse.
    auth.moveClock(1)
    expect(await refresh(first)).toMatchObject({ status: 401, body: { error: 'TOKEN_REUSED' } })
    expect(await refresh(next)).toMatchObject({ status: 401, body: { error: 'TOKEN_REVOKED' } })
  })
})

test('a stolen token ends its own session and no other of the user', async () => {
  const { user, refreshToken } = await auth.register()
  const other = await auth.client.login({ body: { email: user.email, password: PASSWORD } })
  await rotate(refreshToken)
  auth.moveClock(11)
  await refresh(refreshToken)
  expect(other.status).toBe(200)
  if (other.status === 200) expect(await refresh(other.body.refreshToken)).toMatchObject({ status: 200 })
})

test('many refreshes of one token at the same moment all get the same successor', async () => {
  const { refreshToken } = await auth.register()
  await auth.withoutTime(async () => {
    const successors = await Promise.all(Array.from({ length: 12 }, () => rotate(refreshToken)))
    expect(new Set(successors).size).toBe(1)
    expect(await refresh(successors[0] ?? '')).toMatchObject({ status: 200 })
  })
})

test('refreshes of many sessions at the same moment do not disturb each other', async () => {
  const sessions = await Promise.all(Array.from({ length: 8 }, () => auth.register()))
  const rotated = await Promise.all(sessions.map(({ refreshToken }) => rotate(refreshToken)))
  expect(new Set(rotated).size).toBe(8)
})

test('an unknown token and one that is too old are refused', async () => {
  expect(await refresh('x'.repeat(43))).toMatchObject({ status: 401, body: { error: 'TOKEN_INVALID' } })
  const { refreshToken } = await auth.register()
  auth.moveClock(30 * 86_400)
  expect(await refresh(refreshToken)).toMatchObject({ status: 401, body: { error: 'TOKEN_EXPIRED' } })
})

test('a rotated token lives its full time from then on', async () => {
  const { refreshToken } = await auth.register()
  auth.moveClock(29 * 86_400)
  const successor = await rotate(refreshToken)
  auth.moveClock(29 * 86_400)
  expect(await refresh(successor)).toMatchObject({ status: 200 })
})

test('logging out ends the session, whichever of its tokens is shown, and always answers 204', async () => {
  const { refreshToken } = await auth.register()
  const successor = await rotate(refreshToken)
  const logout = (token: string) => auth.client.logout({ body: { refreshToken: token } })
  expect(await logout(refreshToken)).toMatchObject({ status: 204 })
  expect(await refresh(successor)).toMatchObject({ status: 401, body: { error: 'TOKEN_REVOKED' } })
  expect(await logout(successor)).toMatchObject({ status: 204 })
  expect(await logout('unknown')).toMatchObject({ status: 204 })
})

test('nothing in the database is a refresh token, nor opens one', async () => {
  const { refreshToken } = await auth.register()
  const successor = await rotate(refreshToken)
  for (const token of [refreshToken, successor]) {
    for (const table of ['refresh_tokens', 'refresh_families']) {
      const forms = [
        token,
        Buffer.from(token, 'base64url').toString('hex'),
        Buffer.from(token).toString('hex'),
      ]
      const { rows } = await auth.deps.pool.query(
        `select from ${table} t where exists (select from unnest($1::text[]) form
           where t::text like '%' || form || '%')`,
        [forms],
      )
      expect(rows).toEqual([])
    }
  }
})

test('the database itself refuses a second live token in a family, and a second successor', async () => {
  const { refreshToken } = await auth.register()
  await rotate(refreshToken)
  const copy = (columns: string) =>
    auth.deps.pool.query(
      `insert into refresh_tokens (token_hash, family_id, predecessor_hash, created_at, expires_at,
         used_at, sealed_successor)
       select sha256(gen_random_uuid()::text::bytea), family_id, ${columns} from refresh_tokens
       where predecessor_hash is not null limit 1`,
    )
  await expect(copy('null, created_at, expires_at, null, null')).rejects.toMatchObject({
    constraint: 'refresh_tokens_one_unused',
  })
  await expect(copy("predecessor_hash, created_at, expires_at, now(), '\\x00'")).rejects.toMatchObject({
    constraint: 'refresh_tokens_one_successor',
  })
})

test('sessions that have expired are swept away with all their tokens, and no other', async () => {
  const old = await auth.register()
  await rotate(old.refreshToken)
  auth.moveClock(31 * 86_400)
  const live = await auth.register()
  await until(async () => {
    await deleteExpiredFamilies(auth.deps.db, auth.deps.now(), 500)
    const { rows } = await auth.deps.pool.query('select user_id from refresh_families')
    expect(rows).toEqual([{ user_id: live.user.userId }])
  })
  expect(await refresh(old.refreshToken)).toMatchObject({ status: 401, body: { error: 'TOKEN_INVALID' } })
  expect(await refresh(live.refreshToken)).toMatchObject({ status: 200 })
})

test('an ended session takes its access tokens with it: sign-out, theft or new password', async () => {
  const me = (accessToken: string) => auth.as({ accessToken }).getMe({})
  const ends = {
    'signed out': ({ refreshToken }: { refreshToken: string }) =>
      auth.client.logout({ body: { refreshToken } }),
    stolen: async ({ refreshToken }: { refreshToken: string }) => {
      await rotate(await rotate(refreshToken))
      auth.moveClock(11)
      expect(await refresh(refreshToken)).toMatchObject({ status: 401, body: { error: 'TOKEN_REUSED' } })
    },
  }
  for (const [how, end] of Object.entries(ends)) {
    await until(async () => {
      const [session, other] = [await auth.register(), await auth.register()]
      await end(session)
      await expect(me(session.accessToken), how).rejects.toMatchObject({ status: 401 })
      expect(await me(other.accessToken)).toMatchObject({ status: 200 })
      const service = await auth.service('ticket-service')
      expect(await service.validateToken({ body: { token: session.accessToken } })).toMatchObject({
        status: 401,
        body: { error: 'TOKEN_REVOKED', valid: false },
      })
    })
  }
})

test('the others learn in its commit that a session ended, not that it ran out', async () => {
  const [signedOut, stolen, kept] = [await auth.register(), await auth.register(), await auth.register()]
  await auth.client.logout({ body: { refreshToken: signedOut.refreshToken } })
  await rotate(await rotate(stolen.refreshToken))
  auth.moveClock(11)
  expect(await refresh(stolen.refreshToken)).toMatchObject({ status: 401, body: { error: 'TOKEN_REUSED' } })
  // Once: what ended before is not said again.
  await auth.client.logout({ body: { refreshToken: signedOut.refreshToken } })
  expect(await refresh(stolen.refreshToken)).toMatchObject({ status: 401, body: { error: 'TOKEN_REUSED' } })
  const after = await auth.register()
  await auth.client.logout({ body: { refreshToken: after.refreshToken } })
  const saidOf = (userId: string) =>
    auth.probe.received(sessionsEnded).filter(({ payload }) => payload.userId === userId)
  await auth.probe.waitFor(sessionsEnded, (message) => message.payload.userId === after.user.userId)
  for (const { user, accessToken } of [signedOut, stolen]) {
    const { payload } = await auth.probe.waitFor(
      sessionsEnded,
      (message) => message.payload.userId === user.userId,
    )
    expect(payload).toMatchObject({ sessionIds: [decodeJwt(accessToken).sid] })
    expect(payload).not.toHaveProperty('allUntil')
    expect(saidOf(user.userId)).toHaveLength(1)
  }
  expect(
    auth.probe.received(sessionsEnded).filter(({ payload }) => payload.userId === kept.user.userId),
  ).toEqual([])
})
