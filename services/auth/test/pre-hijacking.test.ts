import { randomUUID } from 'node:crypto'
import { emailVerificationRequested, passwordResetRequested, type Session } from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PASSWORD, startService, type TestService } from './start-service.ts'

// An attacker registers an address of another person, and waits for its reader to confirm it.

let auth: TestService
beforeAll(async () => {
  auth = await startService()
})
afterAll(() => auth.close())

const OF_THE_READER = 'a password of the reader'
const login = (email: string, password: string) => auth.client.login({ body: { email, password } })
const verify = (token: string, proof: object) => auth.client.verifyEmail({ body: { token, ...proof } })

/** What of an account its maker still has: sessions, the password, access tokens. */
async function holdOf(maker: Session): Promise<string[]> {
  const { email } = maker.user
  const holds: string[] = []
  if ((await auth.client.refresh({ body: { refreshToken: maker.refreshToken } })).status === 200)
    holds.push('session')
  if ((await login(email, PASSWORD)).status === 200) holds.push('password')
  const me = await auth
    .as(maker)
    .getMe({})
    .catch((error) => error)
  if (me.status === 200) holds.push('access token')
  return holds
}
const attack = async () => {
  const maker = await auth.register({ phone: '+48221234567', firstName: 'Mallory' })
  return { maker, token: await auth.welcomeToken(maker) }
}

describe('who made an account of a stranger’s address', () => {
  test('has nothing of it when its reader confirms: no session, no password, no phone', async () => {
    const { maker, token } = await attack()
    const second = await login(maker.user.email, PASSWORD)
    expect(await verify(token, { newPassword: OF_THE_READER })).toMatchObject({ status: 204 })
    await until(async () => expect(await holdOf(maker)).toEqual([]))
    if (second.status !== 200) throw new Error('not signed in')
    expect(await holdOf(second.body)).toEqual([])
    const { body } = await login(maker.user.email, OF_THE_READER)
    expect(body).toMatchObject({ user: { userId: maker.user.userId, emailVerified: true } })
    expect(body).not.toHaveProperty('user.phone')
  })

  test('gets nothing confirmed by a press alone, nor by a password that is not the account’s', async () => {
    const { maker, token } = await attack()
    for (const proof of [{}, { mine: true }, { password: PASSWORD, newPassword: PASSWORD }]) {
      const url = '/api/auth/verify-email'
      const answer = await auth.app.inject({ method: 'POST', url, payload: { token, ...proof } })
      expect(answer.json()).toMatchObject({
        error: 'VALIDATION_FAILED',
        details: [{ path: 'body.password' }],
      })
    }
    expect(await verify(token, { password: OF_THE_READER })).toMatchObject({
      status: 401,
      body: { error: 'INVALID_CREDENTIALS' },
    })
    expect((await auth.as(maker).getMe({})).body).toMatchObject({ emailVerified: false })
    // Nor is the link used up by it.
    expect(await verify(token, { newPassword: OF_THE_READER })).toMatchObject({ status: 204 })
  })

  test('has nothing of it when its maker asks for another link, or its reader for a password', async () => {
    const [one, other] = [await attack(), await attack()]
    auth.moveClock(61)
    await auth.as(one.maker).resendVerification({ body: {} })
    const ofOne = await auth.probe.waitFor(
      emailVerificationRequested,
      ({ payload }) => payload.userId === one.maker.user.userId,
    )
    expect(
      await verify(await auth.open(ofOne.payload.sealedToken), { newPassword: OF_THE_READER }),
    ).toMatchObject({
      status: 204,
    })
    expect(await holdOf(one.maker)).toEqual([])

    await auth.client.forgotPassword({ body: { email: other.maker.user.email } })
    const ofOther = await auth.probe.waitFor(
      passwordResetRequested,
      ({ payload }) => payload.userId === other.maker.user.userId,
    )
    const reset = { token: await auth.open(ofOther.payload.sealedToken), password: OF_THE_READER }
    expect(await auth.client.resetPassword({ body: reset })).toMatchObject({ status: 204 })
    expect(await holdOf(other.maker)).toEqual([])
    expect((await login(other.maker.user.email, OF_THE_READER)).body).not.toHaveProperty('user.phone')
    // Links of before the address was proven set no password any more.
    expect(await verify(other.token, { newPassword: PASSWORD })).toMatchObject({
      status: 400,
      body: { error: 'TOKEN_INVALID' },
    })
    expect(await verify(one.token, { newPassword: PASSWORD })).toMatchObject({
      status: 400,
      body: { error: 'TOKEN_INVALID' },
    })
  })

  test('makes no organizer and no operator of it', async () => {
    const { maker } = await attack()
    const refused = { status: 403, body: { error: 'EMAIL_NOT_VERIFIED' } }
    expect(await auth.as(maker).becomeOrganizer({})).toMatchObject(refused)
    const cli = await auth.service('boxoffice-cli')
    const grant = { email: maker.user.email, role: 'ADMIN' as const }
    expect(await cli.grantRole({ body: grant })).toMatchObject({
      status: 409,
      body: { error: 'EMAIL_NOT_VERIFIED' },
    })
    expect((await auth.as(maker).getMe({})).body.roles).toEqual(['USER'])
  })

  test('may guess at its password through the link as often as when signing in', async () => {
    const { maker, token } = await attack()
    const statuses: number[] = []
    for (let times = 0; times < 11; times++)
      statuses.push((await verify(token, { password: `guess ${times}` })).status)
    expect(statuses).toEqual([...Array(10).fill(401), 429])
    expect(await login(maker.user.email, PASSWORD)).toMatchObject({ status: 429 })
    // The reader of the mail is not blocked.
    expect(await verify(token, { newPassword: OF_THE_READER })).toMatchObject({ status: 204 })
    expect(await login(maker.user.email, OF_THE_READER)).toMatchObject({ status: 200 })
  })
})

describe('who confirms their own address', () => {
  test('says the password once, signs in again, and the next token has the proven address', async () => {
    const { maker: owner, token } = await attack()
    expect(decodeJwt(owner.accessToken)).toMatchObject({ email_verified: false })
    expect(await verify(token, { password: PASSWORD })).toMatchObject({ status: 204 })
    await until(async () => expect(await holdOf(owner)).toEqual(['password']))
    const { status, body } = await login(owner.user.email, PASSWORD)
    if (status !== 200) throw new Error('not signed in')
    expect(decodeJwt(body.accessToken)).toMatchObject({ email_verified: true })
    expect(body.user).toMatchObject({ emailVerified: true, phone: '+48221234567' })
  })

  test('may repeat it with the same password, set or said, and sets no other by repeating it', async () => {
    const { maker, token } = await attack()
    const set = { newPassword: OF_THE_READER }
    const answers = await Promise.all(Array.from({ length: 4 }, () => verify(token, set)))
    expect(answers.map(({ status }) => status)).toEqual([204, 204, 204, 204])
    const { status, body } = await login(maker.user.email, OF_THE_READER)
    if (status !== 200) throw new Error('not signed in')
    for (const proof of [set, { password: OF_THE_READER }])
      expect(await verify(token, proof)).toMatchObject({ status: 204 })
    expect(await verify(token, { newPassword: randomUUID() })).toMatchObject({
      status: 400,
      body: { error: 'TOKEN_INVALID' },
    })
    expect(await auth.client.refresh({ body: { refreshToken: body.refreshToken } })).toMatchObject({
      status: 200,
    })
  })
})
