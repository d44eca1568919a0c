import { randomUUID } from 'node:crypto'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { publishEvent } from '../src/events.ts'
import { type Mail, tokenOf } from '../src/mails.ts'
import { expectStatus } from '../src/person.ts'
import { type TestSystem, useTestSystem } from './start.ts'

let running: TestSystem
beforeAll(async () => {
  running = await useTestSystem()
})
afterAll(() => running?.expectDocumented())

test('an address confirmation link can be requested again', async () => {
  const guest = await running.person({ firstName: 'Ewa', lastName: 'Nowa' })
  const welcome = await running.mails.waitFor(guest.email, /welcome/i)
  expectStatus(await guest.auth.resendVerification({ body: {} }), 202)
  const again = await running.mails.waitFor(guest.email, /^(?!Welcome)/)
  const [first, second] = [welcome, again].map(({ body }) => tokenOf(body.text, 'verify-email'))
  expect(second).not.toBe(first)
  const { password } = guest
  expectStatus(await guest.auth.verifyEmail({ body: { token: second ?? '', password } }), 204)
  await guest.signIn()
  expect(expectStatus(await guest.auth.getMe({}), 200).emailVerified).toBe(true)
})

test('a forgotten password is reset by mail, every session ends, and the old one is refused', async () => {
  const guest = await running.person({ firstName: 'Fryderyk', lastName: 'Zapominalski' })
  const before = guest.headers()
  for (const email of [guest.email, `${randomUUID()}@boxoffice.example`]) {
    expectStatus(await guest.auth.forgotPassword({ body: { email } }), 202)
  }
  const mail = await running.mails.waitFor(guest.email, /password/i)
  const token = tokenOf(mail.body.text, 'reset-password')
  expect(mail.body.html).toContain(`/reset-password#token=${token}`)
  expect((await fetch(`${running.edge}/reset-password`)).status).toBe(200)

  const password = randomUUID()
  expectStatus(await guest.auth.resetPassword({ body: { token, password } }), 204)
  expect(await guest.auth.resetPassword({ body: { token, password: randomUUID() } })).toMatchObject({
    status: 400,
  })
  for (const path of ['/api/auth/me', '/api/tickets/mine', '/api/payments/orders', '/api/notifications']) {
    expect((await fetch(running.edge + path, { headers: before })).status, path).toBe(401)
  }
  expect(await guest.auth.refresh({ body: { refreshToken: guest.session().refreshToken } })).toMatchObject({
    status: 401,
  })
  expect(await guest.auth.login({ body: { email: guest.email, password: guest.password } })).toMatchObject({
    status: 401,
  })
  const { user } = expectStatus(await guest.auth.login({ body: { email: guest.email, password } }), 200)
  expect(user.emailVerified).toBe(true)
})

test('password guesses are throttled, for the owner too, and alike for unknown addresses', async () => {
  const owner = await running.person({ firstName: 'Ola', lastName: 'Zamknięta' })
  for (const email of [owner.email, `${randomUUID()}@boxoffice.example`]) {
    const statuses: number[] = []
    for (let times = 0; times < 11; times++) {
      statuses.push((await owner.auth.login({ body: { email, password: 'a guess' } })).status)
    }
    expect(statuses).toEqual([...Array(10).fill(401), 429])
  }
  const raw = await fetch(`${running.edge}/api/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: owner.email, password: owner.password }),
  })
  expect(raw.status).toBe(429)
  expect(Number(raw.headers.get('retry-after'))).toBeGreaterThan(60)
  expect(await raw.json()).toMatchObject({ error: 'RATE_LIMITED' })
  // Existing sessions stay signed in.
  expect(expectStatus(await owner.auth.getMe({}), 200).email).toBe(owner.email)
})

test('a profile is changed, and its optional fields are cleared again', async () => {
  const guest = await running.person({ firstName: 'Jan', lastName: 'Zmienny' })
  const changed = { firstName: 'Joanna', lastName: 'Zmienna-Ćwiek', phone: '+48221234567', locale: 'pl-PL' }
  expect(expectStatus(await guest.auth.updateMe({ body: changed }), 200)).toMatchObject(changed)
  expect(expectStatus(await guest.auth.updateMe({ body: { phone: null } }), 200).phone).toBeUndefined()
})

test('a buyer corrects a mistyped address, and the reader of the wrong one cannot undo it', async () => {
  const organizer = await running.person({ firstName: 'Olga', lastName: 'Okoń' }, { organizer: true })
  const sale = await publishEvent(organizer, { name: 'Sent astray', quantity: 5, unitPrice: 5_000 })
  const buyer = await running.person(
    { firstName: 'Zofia', lastName: 'Łącka' },
    { email: `zofia-${randomUUID()}@gmial.example` },
  )
  const { orderId } = expectStatus(await buyer.buy({ ...sale, quantity: 1 }), 201)
  const hasTickets = ({ attachments }: Mail) =>
    attachments.some(({ contentType }) => contentType === 'application/pdf')
  await running.mails.waitFor(buyer.email, hasTickets)

  const email = buyer.email.replace('gmial', 'gmail')
  expectStatus(await buyer.auth.changeEmail({ body: { email, password: buyer.password } }), 202)
  const asked = await running.mails.waitFor(
    email,
    ({ body }) => tokenOf(body.text, 'verify-email/new') !== '',
  )
  const token = tokenOf(asked.body.text, 'verify-email/new')
  expectStatus(await buyer.auth.confirmEmailChange({ body: { token, password: buyer.password } }), 204)
  expect(await buyer.auth.login({ body: { email: buyer.email, password: buyer.password } })).toMatchObject({
    status: 401,
  })

  await buyer.signIn(email)
  expect(expectStatus(await buyer.auth.getMe({}), 200)).toMatchObject({ email, emailVerified: true })
  expectStatus(await buyer.notifications.resendOrder({ params: { orderId } }), 202)
  const mail = await running.mails.waitFor(email, hasTickets)
  expect(mail.subject).toContain('Sent astray')
  // The wrong address was never confirmed, so its reader gets no mail that gives access to the account.
  const astray = await running.mails.list(buyer.email)
  expect(astray.filter(hasTickets)).toHaveLength(1)
  for (const { body } of astray) expect(tokenOf(body.text, 'verify-email/undo')).toBe('')
  const stale =
    astray.map(({ body }) => tokenOf(body.text, 'verify-email')).find((found) => found !== '') ?? 'no link'
  for (const claim of [{ newPassword: randomUUID() }, { mine: false }]) {
    expect(await buyer.auth.verifyEmail({ body: { token: stale, ...claim } })).toMatchObject({
      status: 400,
      body: { error: 'TOKEN_INVALID' },
    })
  }
  expectStatus(await buyer.auth.getMe({}), 200)
})

test("a buyer corrects an order's mistyped address; the account can revert a foreign change", async () => {
  const organizer = await running.person({ firstName: 'Olga', lastName: 'Okoń' }, { organizer: true })
  const sale = await publishEvent(organizer, { name: 'For somebody else', quantity: 5, unitPrice: 5_000 })
  const buyer = await running.person({ firstName: 'Zofia', lastName: 'Łącka' }, { proven: true })
  const { orderId } = expectStatus(await buyer.buy({ ...sale, quantity: 1 }), 201)
  const params = { orderId }
  const hasTickets = ({ attachments }: Mail) =>
    attachments.some(({ contentType }) => contentType === 'application/pdf')
  const resend = async () => expectStatus(await buyer.notifications.resendOrder({ params }), 202)
  const linkTo = async (email: string, page: string) => {
    const mail = await running.mails.waitFor(email, ({ body }) => tokenOf(body.text, page) !== '')
    return tokenOf(mail.body.text, page)
  }
  await running.mails.waitFor(buyer.email, hasTickets)

  const [wrong, right] = ['gmial', 'gmail'].map((host) => `zofia-${randomUUID()}@${host}.example`) as [
    string,
    string,
  ]
  expectStatus(await buyer.payments.setOrderContact({ params, body: { email: wrong } }), 202)
  const stale = await linkTo(wrong, 'order/contact')
  const asked = expectStatus(await buyer.payments.setOrderContact({ params, body: { email: right } }), 202)
  expect(asked.contact).toEqual({ pendingEmail: right })
  const token = await linkTo(right, 'order/contact')
  // The linked page posts its form to its own URL.
  const page = `${running.edge}/order/contact`
  expect((await fetch(page)).status).toBe(200)
  const pressed = await fetch(page, {
    method: 'POST',
    body: new URLSearchParams({ code: token, act: 'confirm' }),
  })
  expect(pressed.status).toBe(200)
  expect(expectStatus(await buyer.payments.getOrder({ params }), 200).contact).toEqual({ email: right })
  await resend()
  const mail = await running.mails.waitFor(right, hasTickets)
  expect(mail.subject).toContain('For somebody else')

  // The reader of the wrong address received one link, now invalid, and never a ticket.
  const links = buyer.notifications
  for (const answer of [
    await links.confirmOrderContact({ body: { token: stale } }),
    await links.undoOrderContact({ body: { token: stale } }),
  ]) {
    expect(answer).toMatchObject({ status: 400, body: { error: 'TOKEN_INVALID' } })
  }
  expect(await running.mails.list(wrong)).toHaveLength(1)
  const stranger = await running.person({ firstName: 'Stefan', lastName: 'Obcy' }, { proven: true })
  expect(await stranger.payments.setOrderContact({ params, body: { email: stranger.email } })).toMatchObject({
    status: 404,
  })

  // The account's reader is notified and undoes the change; mails go to the account again.
  const undo = await linkTo(buyer.email, 'order/contact/undo')
  expectStatus(await stranger.notifications.undoOrderContact({ body: { token: undo } }), 204)
  expect(await stranger.notifications.undoOrderContact({ body: { token: undo } })).toMatchObject({
    status: 400,
  })
  expect(await stranger.notifications.confirmOrderContact({ body: { token } })).toMatchObject({ status: 400 })
  expect(expectStatus(await buyer.payments.getOrder({ params }), 200).contact).toBeUndefined()
  const before = (await running.mails.list(buyer.email)).filter(hasTickets).length
  await resend()
  await until(async () =>
    expect((await running.mails.list(buyer.email)).filter(hasTickets)).toHaveLength(before + 1),
  )
  expect((await running.mails.list(right)).filter(hasTickets)).toHaveLength(1)
})
