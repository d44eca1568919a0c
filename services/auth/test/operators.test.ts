import { authUsersRoutes, type FoundUser, type Role, sessionsEnded } from '@boxoffice/contracts'
import { injectClient } from '@boxoffice/service-kit/testing'
import { until } from '@boxoffice/testing'
import { decodeJwt } from 'jose'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { PASSWORD, startService, type TestService } from './start-service.ts'

let auth: TestService
beforeAll(async () => {
  auth = await startService()
})
afterAll(() => auth.close())
afterEach(() => vi.restoreAllMocks())

const commandLine = () =>
  injectClient(auth.app, authUsersRoutes, () => auth.authority.service('boxoffice-cli', 'auth-service'))
const find = async (body: Parameters<ReturnType<typeof commandLine>['findUsers']>[0]['body']) =>
  (await commandLine().findUsers({ body })).body
const revoke = (email: string, role: 'ORGANIZER' | 'ADMIN') =>
  commandLine().revokeRole({ body: { email, role } })
const login = async (email: string) => {
  const answer = await auth.client.login({ body: { email, password: PASSWORD } })
  if (answer.status !== 200) throw new Error(`not signed in: ${JSON.stringify(answer.body)}`)
  return answer.body
}

/** A user with a confirmed address and these roles, signed in since. */
async function userWith(...roles: Role[]) {
  const { user } = await auth.proven()
  const cli = await auth.service('boxoffice-cli')
  for (const role of roles) await cli.grantRole({ body: { email: user.email, role } })
  return login(user.email)
}
/** Revokes the role of every ADMIN in the database, past the service. */
const removeAdmins = () => auth.deps.pool.query(`update users set roles = array_remove(roles, 'ADMIN')`)

test('operators find the users of a role, newest first and in pages, and one user by address', async () => {
  await removeAdmins()
  const sessions = []
  for (let count = 0; count < 5; count++) sessions.push(await userWith('ADMIN'))
  await userWith('ORGANIZER')
  const newest = sessions.map(({ user }) => user.userId).reverse()

  const listed: FoundUser[] = []
  let cursor: string | null | undefined
  do {
    const page = await find({ role: 'ADMIN', limit: 2, ...(cursor && { cursor }) })
    expect(page.users.length).toBeLessThanOrEqual(2)
    listed.push(...page.users)
    cursor = page.nextCursor
  } while (cursor)
  expect(listed.map(({ userId }) => userId)).toEqual(newest)

  const { userId, email, firstName, lastName, roles, emailVerified, createdAt } = sessions[0]?.user ?? {}
  const one = { userId, email, firstName, lastName, roles, emailVerified, createdAt }
  expect(await find({ email: email?.toUpperCase() ?? '' })).toEqual({ users: [one], nextCursor: null })
  expect(await find({ email: email ?? '', role: 'ADMIN' })).toMatchObject({ users: [{ userId }] })
  expect((await find({ email: email ?? '', role: 'ORGANIZER' })).users).toEqual([])
  expect((await find({ email: 'nobody@example.test' })).users).toEqual([])
  const everyone = await find({ limit: 100 })
  expect((await find({ role: 'USER', limit: 100 })).users).toEqual(everyone.users)
  const times = everyone.users.map(({ createdAt }) => createdAt.getTime())
  expect(times).toEqual(times.toSorted((a, b) => b - a))
})

test('a cursor of another list is refused, and names where it stood', async () => {
  await expect(find({ cursor: 'x' })).rejects.toMatchObject({
    status: 400,
    body: { error: 'VALIDATION_FAILED', details: [{ path: 'body.cursor' }] },
  })
})

test('an ADMIN may find and revoke, and no one else', async () => {
  const [admin, organizer] = [await userWith('ADMIN'), await userWith('ORGANIZER')]
  const { email } = organizer.user
  const as = ({ accessToken }: { accessToken: string }) =>
    injectClient(auth.app, authUsersRoutes, { authorization: `Bearer ${accessToken}` })
  const body = { email, role: 'ORGANIZER' } as const
  await expect(as(organizer).findUsers({ body: {} })).rejects.toMatchObject({ status: 403 })
  await expect(as(organizer).revokeRole({ body })).rejects.toMatchObject({ status: 403 })
  expect(await as(admin).findUsers({ body: { email } })).toMatchObject({ body: { users: [{ email }] } })
  expect(await as(admin).revokeRole({ body })).toMatchObject({ status: 200, body: { roles: ['USER'] } })
})

test('a revoked role ends at once: all sessions and tokens, and the next lacks it', async () => {
  await until(async () => {
    const phone = await userWith('ORGANIZER', 'ADMIN')
    const { email, userId } = phone.user
    const laptop = await login(email)
    const stranger = await userWith('ORGANIZER')
    await userWith('ADMIN')

    const answer = await revoke(email, 'ADMIN')
    expect(answer).toEqual({ status: 200, body: { ...phone.user, roles: ['USER', 'ORGANIZER'] } })
    for (const { accessToken, refreshToken } of [phone, laptop]) {
      await expect(auth.as({ accessToken }).getMe({})).rejects.toMatchObject({ status: 401 })
      expect(await auth.client.refresh({ body: { refreshToken } })).toMatchObject({
        status: 401,
        body: { error: 'TOKEN_REVOKED' },
      })
    }
    const { payload } = await auth.probe.waitFor(
      sessionsEnded,
      (message) =>
        message.payload.userId === userId &&
        message.payload.sessionIds.includes(decodeJwt(phone.accessToken).sid as string),
    )
    expect(payload).toMatchObject({ allUntil: expect.any(Date) })
    expect(payload.sessionIds).toContain(decodeJwt(laptop.accessToken).sid)
    expect(await auth.as(stranger).getMe({})).toMatchObject({ status: 200 })
    expect(decodeJwt((await login(email)).accessToken)).toMatchObject({ roles: ['USER', 'ORGANIZER'] })
  })
})

test('revoking again changes nothing, and ends no session', async () => {
  const { user } = await userWith('ORGANIZER')
  const first = await revoke(user.email, 'ORGANIZER')
  const session = await login(user.email)
  const warn = vi.spyOn(auth.deps.logger, 'warn')
  expect(await revoke(user.email.toUpperCase(), 'ORGANIZER')).toEqual(first)
  expect(await auth.as(session).getMe({})).toMatchObject({ status: 200 })
  expect(warn).not.toHaveBeenCalled()
})

test('a role that is revoked while its user signs in is not in the new session', async () => {
  const { user } = await userWith('ORGANIZER')
  const verify = auth.deps.passwords.verify
  vi.spyOn(auth.deps.passwords, 'verify').mockImplementationOnce(async (password, hash) => {
    const right = await verify(password, hash)
    expect(await revoke(user.email, 'ORGANIZER')).toMatchObject({ status: 200 })
    return right
  })
  const session = await login(user.email)
  expect(session.user.roles).toEqual(['USER'])
  expect(decodeJwt(session.accessToken)).toMatchObject({ roles: ['USER'] })
})

test('the last ADMIN stays: of two concurrent revocations of the last two, one is refused', async () => {
  const two = [await auth.register(), await auth.register()]
  const lastTwo = async () => {
    await removeAdmins()
    await auth.deps.pool.query(`update users set roles = array['USER', 'ADMIN'] where user_id = any($1)`, [
      two.map(({ user }) => user.userId),
    ])
  }
  for (let round = 0; round < 10; round++) {
    await lastTwo()
    const answers = await Promise.all(two.map(({ user }) => revoke(user.email, 'ADMIN')))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409])
    const [last, ...others] = (await find({ role: 'ADMIN' })).users
    expect(others).toEqual([])
    expect(await revoke(last?.email ?? '', 'ADMIN')).toMatchObject({ body: { error: 'LAST_ADMIN' } })
    expect((await find({ role: 'ADMIN' })).users).toEqual([last])
  }
})

test('a user who is not there is 404, and USER cannot be revoked', async () => {
  expect(await revoke('nobody@example.test', 'ADMIN')).toMatchObject({
    status: 404,
    body: { error: 'USER_NOT_FOUND' },
  })
  const { user } = await auth.register()
  const answer = await auth.app.inject({
    method: 'POST',
    url: authUsersRoutes.revokeRole.path,
    payload: { email: user.email, role: 'USER' },
    headers: await auth.authority.service('boxoffice-cli', 'auth-service'),
  })
  expect(answer.json()).toMatchObject({ error: 'VALIDATION_FAILED' })
})
