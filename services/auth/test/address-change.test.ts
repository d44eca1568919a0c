import { randomUUID } from 'node:crypto'
import {
  authMailingRoutes,
  emailChanged,
  emailChangeRequested,
  passwordResetRequested,
  type Session,
  userEmailVerified,
} from '@boxoffice/contracts'
import { injectClient } from '@boxoffice/service-kit/testing'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PASSWORD, startService, type TestService } from './start-service.ts'

let auth: TestService
beforeAll(async () => {
  auth = await startService()
})
afterAll(() => auth.close())

const OTHER = 'another long password'
const newAddress = () => `${randomUUID()}@example.test`
const login = (email: string, password = PASSWORD) => auth.client.login({ body: { email, password } })
const change = (session: Session, email: string, password = PASSWORD) =>
  auth.as(session).changeEmail({ body: { email, password } })
const confirm = (token: string, password = PASSWORD) =>
  auth.client.confirmEmailChange({ body: { token, password } })
const undo = (token: string, password = OTHER) => auth.client.undoEmailChange({ body: { token, password } })

/** The token that is mailed to the new address. */
async function asked(session: Session, email: string): Promise<string> {
  expect(await change(session, email)).toMatchObject({ status: 202 })
  const { payload } = await auth.probe.waitFor(
    emailChangeRequested,
    (message) => message.payload.email === email,
  )
  expect(payload).toMatchObject({ userId: session.user.userId, firstName: 'Ada' })
  return auth.open(payload.sealedToken)
}
/** The token that is mailed to the address of before. */
async function undoToken(email: string): Promise<string> {
  const { payload } = await auth.probe.waitFor(emailChanged, (message) => message.payload.email === email)
  return auth.open(payload.sealedToken)
}
async function changed() {
  const session = await auth.proven()
  const [before, after] = [session.user.email, newAddress()]
  const token = await asked(session, after)
  expect(await confirm(token)).toMatchObject({ status: 204 })
  return { session, before, after, token }
}

describe('an address that was mistyped', () => {
  test('becomes another once that is proven with the password, and every session ends', async () => {
    const { session, before, after, token } = await changed()
    expect(await auth.client.refresh({ body: { refreshToken: session.refreshToken } })).toMatchObject({
      status: 401,
    })
    await until(() => expect(auth.as(session).getMe({})).rejects.toMatchObject({ status: 401 }))
    expect(await login(before)).toMatchObject({ status: 401 })
    const user = { userId: session.user.userId, email: after, emailVerified: true }
    expect(await login(after)).toMatchObject({ status: 200, body: { user } })
    const { payload } = await auth.probe.waitFor(
      userEmailVerified,
      (message) => message.payload.email === after,
    )
    expect(payload.userId).toBe(session.user.userId)
    expect(await confirm(token), 'the same again').toMatchObject({ status: 204 })
  })

  test('of an unconfirmed account can be changed too; the reader of the first has no access', async () => {
    const session = await auth.register()
    const welcome = await auth.welcomeToken(session)
    await auth.client.forgotPassword({ body: { email: session.user.email } })
    const { payload } = await auth.probe.waitFor(
      passwordResetRequested,
      ({ payload }) => payload.userId === session.user.userId,
    )
    const reset = await auth.open(payload.sealedToken)
    const after = newAddress()
    expect(await confirm(await asked(session, after))).toMatchObject({ status: 204 })
    expect(await auth.client.verifyEmail({ body: { token: welcome, newPassword: OTHER } })).toMatchObject({
      status: 400,
    })
    expect(await auth.client.resetPassword({ body: { token: reset, password: OTHER } })).toMatchObject({
      status: 400,
    })
    expect(await login(after)).toMatchObject({ body: { user: { emailVerified: true } } })
    expect(
      auth.probe.received(emailChanged).filter(({ payload }) => payload.userId === session.user.userId),
    ).toEqual([])
    // Its first address is free again, since it was never confirmed.
    await auth.register({ email: session.user.email })
  })

  test('stays as it is with a wrong password, a taken address, an old or superseded token', async () => {
    const session = await auth.proven()
    const { email } = session.user
    const other = await auth.register()
    expect(await change(session, newAddress(), 'not the password')).toMatchObject({
      status: 401,
      body: { error: 'INVALID_CREDENTIALS' },
    })
    for (const taken of [email, other.user.email.toUpperCase()]) {
      expect(await change(session, taken)).toMatchObject({ status: 409, body: { error: 'EMAIL_TAKEN' } })
    }
    const first = await asked(session, newAddress())
    expect(await confirm(first, 'not the password')).toMatchObject({
      status: 401,
      body: { error: 'INVALID_CREDENTIALS' },
    })
    auth.moveClock(61)
    const second = await asked(session, newAddress())
    expect(await confirm(first)).toMatchObject({ status: 400, body: { error: 'TOKEN_INVALID' } })
    auth.moveClock(30 * 60)
    expect(await confirm(second)).toMatchObject({ status: 400, body: { error: 'TOKEN_EXPIRED' } })
    expect(await confirm('x'.repeat(43))).toMatchObject({ status: 400, body: { error: 'TOKEN_INVALID' } })
    expect(await login(email)).toMatchObject({ status: 200 })
  })

  test('is not changed to one that is registered meanwhile', async () => {
    const session = await auth.proven()
    const after = newAddress()
    const token = await asked(session, after)
    await auth.register({ email: after })
    expect(await confirm(token)).toMatchObject({ status: 409, body: { error: 'EMAIL_TAKEN' } })
    expect(await login(session.user.email)).toMatchObject({ status: 200 })
  })
})

describe('the reader of an address that another user wants for their account', () => {
  test('does not confirm it without the password, and can disown it', async () => {
    const mallory = await auth.proven()
    const token = await asked(mallory, newAddress())
    const url = '/api/auth/email/confirm'
    for (const payload of [{ token }, { token, mine: true }, { token, newPassword: OTHER }]) {
      expect((await auth.app.inject({ method: 'POST', url, payload })).json()).toMatchObject({
        error: 'VALIDATION_FAILED',
      })
    }
    for (let times = 0; times < 2; times++) {
      expect(await auth.client.confirmEmailChange({ body: { token, mine: false } })).toMatchObject({
        status: 204,
      })
    }
    expect(await confirm(token)).toMatchObject({ status: 400, body: { error: 'TOKEN_INVALID' } })
    expect(await login(mallory.user.email)).toMatchObject({ status: 200 })
  })

  test('is mailed once a minute and five times an hour at most, by any account', async () => {
    const after = newAddress()
    const people = await Promise.all(Array.from({ length: 7 }, () => auth.proven()))
    const statuses: number[] = []
    expect((await change(people[0] as Session, after)).status).toBe(202)
    expect((await change(people[1] as Session, after)).status).toBe(429)
    for (const person of people.slice(1)) {
      auth.moveClock(61)
      statuses.push((await change(person, after)).status)
    }
    expect(statuses).toEqual([202, 202, 202, 202, 429, 429])
    const mails = auth.probe.received(emailChangeRequested).filter(({ payload }) => payload.email === after)
    expect(mails.length).toBeLessThanOrEqual(5)
  })
})

describe('who reads at the address of before', () => {
  test('is notified, and takes the account back with a new password', async () => {
    const { session, before, after } = await changed()
    const thief = await login(after)
    if (thief.status !== 200) throw new Error('not signed in')
    const token = await undoToken(before)
    auth.moveClock(6 * 86_400)
    // Later changes are undone with it.
    const again = await login(after)
    if (again.status !== 200) throw new Error('not signed in')
    const further = newAddress()
    expect(await confirm(await asked(again.body, further))).toMatchObject({ status: 204 })
    const undoOfThief = await undoToken(after)

    expect(await undo(token)).toMatchObject({ status: 204 })
    const { userId } = session.user
    expect(await login(before, OTHER)).toMatchObject({
      status: 200,
      body: { user: { userId, email: before, emailVerified: true } },
    })
    for (const email of [before, after, further]) expect(await login(email)).toMatchObject({ status: 401 })
    const { refreshToken } = thief.body
    expect(await auth.client.refresh({ body: { refreshToken } })).toMatchObject({ status: 401 })
    for (const wrong of [undoOfThief, token])
      expect(await undo(wrong)).toMatchObject({ status: 400, body: { error: 'TOKEN_INVALID' } })
  })

  test('keeps it from everybody for a week, and no longer than that may undo', async () => {
    const { before } = await changed()
    const person = { email: before, password: PASSWORD, firstName: 'Ada', lastName: 'Nowak' }
    expect(await auth.client.register({ body: person })).toMatchObject({
      status: 409,
      body: { error: 'EMAIL_TAKEN' },
    })
    const other = await auth.proven()
    expect(await change(other, before)).toMatchObject({ status: 409, body: { error: 'EMAIL_TAKEN' } })
    const token = await undoToken(before)
    auth.moveClock(7 * 86_400)
    expect(await undo(token)).toMatchObject({ status: 400, body: { error: 'TOKEN_EXPIRED' } })
    expect(await auth.client.register({ body: person })).toMatchObject({ status: 201 })
  })

  test('ends a change that waits by setting a new password through the mail', async () => {
    const session = await auth.proven()
    const token = await asked(session, newAddress())
    await auth.client.forgotPassword({ body: { email: session.user.email } })
    const { payload } = await auth.probe.waitFor(
      passwordResetRequested,
      ({ payload }) => payload.userId === session.user.userId,
    )
    await auth.client.resetPassword({
      body: { token: await auth.open(payload.sealedToken), password: OTHER },
    })
    for (const password of [PASSWORD, OTHER]) {
      expect(await confirm(token, password)).toMatchObject({ status: 400, body: { error: 'TOKEN_INVALID' } })
    }
  })
})

test('whether such a link still works is said until it is used', async () => {
  const headers = await auth.authority.service('notification-service', 'auth-service')
  const check = async (purpose: 'CHANGE_EMAIL' | 'UNDO_EMAIL_CHANGE', token: string) =>
    (await injectClient(auth.app, authMailingRoutes, headers).checkMailedToken({ body: { purpose, token } }))
      .body.works
  const session = await auth.proven()
  const after = newAddress()
  const token = await asked(session, after)
  expect([await check('CHANGE_EMAIL', token), await check('UNDO_EMAIL_CHANGE', token)]).toEqual([true, false])
  await confirm(token)
  const back = await undoToken(session.user.email)
  expect([await check('CHANGE_EMAIL', token), await check('UNDO_EMAIL_CHANGE', back)]).toEqual([false, true])
  await undo(back)
  expect(await check('UNDO_EMAIL_CHANGE', back)).toBe(false)
})

test('the pages of both mails do the same by their forms', async () => {
  const send = (url: string, fields: Record<string, string>) =>
    auth.app.inject({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: new URLSearchParams(fields).toString(),
    })
  const session = await auth.proven()
  const [before, after] = [session.user.email, newAddress()]
  const code = await asked(session, after)
  expect((await send('/verify-email/new', { code, password: 'wrong', act: 'confirm' })).statusCode).toBe(401)
  expect((await send('/verify-email/new', { code, password: PASSWORD, act: 'confirm' })).statusCode).toBe(200)
  expect(await login(after)).toMatchObject({ status: 200 })
  const back = await undoToken(before)
  expect((await send('/verify-email/undo', { code: back, password: 'short' })).statusCode).toBe(400)
  expect((await send('/verify-email/undo', { code: back, password: OTHER })).statusCode).toBe(200)
  expect(await login(before, OTHER)).toMatchObject({ status: 200 })
  const other = await asked(await auth.proven(), newAddress())
  expect((await send('/verify-email/new', { code: other, password: '', act: 'disown' })).statusCode).toBe(200)
})
