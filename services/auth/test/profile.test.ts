import { decodeJwt } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startService, type TestService } from './start-service.ts'

let auth: TestService
beforeAll(async () => {
  auth = await startService()
})
afterAll(() => auth.close())

test('a profile changes in the given fields, and null removes the phone', async () => {
  const session = await auth.register({ phone: '+48221234567' })
  const me = auth.as(session)
  const changed = await me.updateMe({ body: { firstName: 'Zoë', locale: 'de-AT' } })
  expect(changed).toEqual({ status: 200, body: { ...session.user, firstName: 'Zoë', locale: 'de-AT' } })
  const { phone: _, ...withoutPhone } = changed.body
  expect((await me.updateMe({ body: { phone: null } })).body).toEqual(withoutPhone)
  expect((await me.getMe({})).body).toEqual(withoutPhone)
  expect((await me.updateMe({ body: {} })).body).toEqual(withoutPhone)
})

test('fields that users must not change are refused', async () => {
  const { accessToken, user } = await auth.register()
  for (const payload of [{ email: 'other@example.test' }, { roles: ['ADMIN'] }, { emailVerified: true }]) {
    const headers = { authorization: `Bearer ${accessToken}` }
    const answer = await auth.app.inject({ method: 'PATCH', url: '/api/auth/me', payload, headers })
    expect(answer.json()).toMatchObject({ error: 'VALIDATION_FAILED' })
  }
  expect((await auth.as({ accessToken }).getMe({})).body).toEqual(user)
})

test('who becomes an organizer is one, however often they ask, and the next token carries it', async () => {
  const session = await auth.proven()
  const answers = await Promise.all(Array.from({ length: 3 }, () => auth.as(session).becomeOrganizer({})))
  for (const answer of answers)
    expect(answer).toMatchObject({ status: 200, body: { roles: ['USER', 'ORGANIZER'] } })
  expect(decodeJwt(session.accessToken)).toMatchObject({ roles: ['USER'] })
  const refreshed = await auth.client.refresh({ body: { refreshToken: session.refreshToken } })
  expect(refreshed.status).toBe(200)
  if (refreshed.status === 200)
    expect(decodeJwt(refreshed.body.accessToken)).toMatchObject({ roles: ['USER', 'ORGANIZER'] })
})

test.each([
  ['without a token', {}],
  ['with one that is none', { authorization: 'Bearer nonsense' }],
  ['with a service token', { authorization: 'Service-Token x.y.z' }],
])('%s the request is unauthenticated', async (_, headers) => {
  const answer = await auth.app.inject({ url: '/api/auth/me', headers: headers as Record<string, string> })
  expect(answer.statusCode).toBe(401)
  expect(answer.json()).toMatchObject({ error: 'UNAUTHENTICATED' })
})

test('a valid token of an account that does not exist is refused', async () => {
  const { headers } = await auth.authority.user()
  for (const [method, url] of [
    ['GET', '/api/auth/me'],
    ['PATCH', '/api/auth/me'],
    ['POST', '/api/auth/organizer'],
  ] as const) {
    const answer = await auth.app.inject({ method, url, headers, ...(method === 'PATCH' && { payload: {} }) })
    expect(answer.json(), url).toMatchObject({ error: 'UNAUTHENTICATED' })
  }
})
