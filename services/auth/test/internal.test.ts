import { randomUUID } from 'node:crypto'
import { callers, type UserId } from '@boxoffice/contracts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startService, type TestService } from './start-service.ts'

let auth: TestService
beforeAll(async () => {
  auth = await startService()
})
afterAll(() => auth.close())

test('a valid access token tells whose it is', async () => {
  const { user, accessToken } = await auth.register()
  const events = await auth.service('event-service')
  const answer = await events.validateToken({ body: { token: accessToken } })
  const { userId, email, roles } = user
  expect(answer).toMatchObject({ status: 200, body: { valid: true, userId, email, roles } })
  if (answer.status === 200) expect(answer.body.expiresAt.getTime()).toBeGreaterThan(Date.now())
})

test('an access token that has ended and one that is none are told apart', async () => {
  auth.moveClock(-700)
  const { accessToken } = await auth.register()
  auth.moveClock(700)
  const events = await auth.service('event-service')
  expect(await events.validateToken({ body: { token: accessToken } })).toMatchObject({
    status: 401,
    body: { valid: false, error: 'TOKEN_EXPIRED', message: expect.any(String) },
  })
  for (const token of ['', 'nonsense', accessToken.slice(0, -5)]) {
    expect(await events.validateToken({ body: { token } })).toMatchObject({
      status: 401,
      body: { valid: false, error: 'TOKEN_INVALID', message: expect.any(String) },
    })
  }
})

test('services find a user by id and by address, without the roles', async () => {
  const { user } = await auth.register({ phone: '+48221234567' })
  const { roles: _, ...info } = user
  const tickets = await auth.service('ticket-service')
  expect(await tickets.getUser({ params: { userId: user.userId } })).toEqual({ status: 200, body: info })
  expect(await tickets.getUserByEmail({ body: { email: user.email.toUpperCase() } })).toEqual({
    status: 200,
    body: info,
  })
})

test('a user that is not there is 404', async () => {
  const tickets = await auth.service('ticket-service')
  const missing = { status: 404, body: { error: 'USER_NOT_FOUND' } }
  const userId = randomUUID() as UserId
  expect(await tickets.getUser({ params: { userId } })).toMatchObject({
    status: 404,
    body: { ...missing.body, message: `User with ID ${userId} not found` },
  })
  expect(await tickets.getUserByEmail({ body: { email: 'nobody@example.test' } })).toMatchObject(missing)
})

test('several users come in the order asked for, each once, without those that are not there', async () => {
  const [one, two] = [await auth.register(), await auth.register()]
  const userIds = [two.user.userId, randomUUID() as UserId, one.user.userId, two.user.userId]
  const answer = await (await auth.service('notification-service')).getUsers({ body: { userIds } })
  expect(answer.body.users.map(({ userId }) => userId)).toEqual([two.user.userId, one.user.userId])
})

test('the operators’ CLI makes the first ADMIN, and doing it again changes nothing', async () => {
  const { user } = await auth.proven()
  const cli = await auth.service('boxoffice-cli')
  const grant = () => cli.grantRole({ body: { email: user.email, role: 'ADMIN' } })
  expect(await grant()).toEqual({ status: 200, body: { ...user, roles: ['USER', 'ADMIN'] } })
  expect(await grant()).toEqual({ status: 200, body: { ...user, roles: ['USER', 'ADMIN'] } })
  expect(await cli.grantRole({ body: { email: 'nobody@example.test', role: 'ADMIN' } })).toMatchObject({
    status: 404,
  })
})

test('only the CLI grants roles, and callers without a service token are refused', async () => {
  const session = await auth.register()
  const payload = { email: session.user.email, role: 'ADMIN' }
  const url = '/api/auth/internal/users/grant'
  for (const name of callers.filter((caller) => caller !== 'boxoffice-cli')) {
    const headers = await auth.authority.service(name, 'auth-service')
    const answer = await auth.app.inject({ method: 'POST', url, payload, headers })
    expect(answer.json(), name).toMatchObject({ error: 'FORBIDDEN' })
  }
  for (const headers of [{}, { authorization: `Bearer ${session.accessToken}` }]) {
    const answer = await auth.app.inject({ method: 'POST', url, payload, headers })
    expect(answer.json()).toMatchObject({ error: 'UNAUTHENTICATED' })
  }
  expect((await auth.as(session).getMe({})).body.roles).toEqual(['USER'])
})
