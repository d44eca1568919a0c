import { randomUUID } from 'node:crypto'
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

test('a link that proves an address can be had again', async () => {
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

test('a forgotten password is replaced through the mail, every session ends, and the old one opens nothing', async () => {
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
  expect(await guest.auth.resetPassword({ body: { token, password: randomUUID() } })).toMatchObject({ status: 400 })
  for (const path of ['/api/auth/me', '/api/tickets/mine', '/api/payments/orders', '/api/notifications']) {
    expect((await fetch(running.edge + path, { headers: before })).status, path).toBe(401)
  }
  expect(await guest.auth.refresh({ body: { refreshToken: guest.session().refreshToken } })).toMatchObject({ status: 401 })
  expect(await guest.auth.login({ body: { email: guest.email, password: guest.password } })).toMatchObject({ status: 401 })
  const { user } = expectStatus(await guest.auth.login({ body: { email: guest.email, password } }), 200)
  expect(user.emailVerified).toBe(true)
})

test('whoever guesses at a password is held up, and so is its owner for a while, as for an address nobody has', async () => {
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
  // Who is signed in stays so.
  expect(expectStatus(await owner.auth.getMe({}), 200).email).toBe(owner.email)
})

test('a profile is changed, and what is optional is taken away again', async () => {
  const guest = await running.person({ firstName: 'Jan', lastName: 'Zmienny' })
  const changed = { firstName: 'Joanna', lastName: 'Zmienna-Ćwiek', phone: '+48221234567', locale: 'pl-PL' }
  expect(expectStatus(await guest.auth.updateMe({ body: changed }), 200)).toMatchObject(changed)
  expect(expectStatus(await guest.auth.updateMe({ body: { phone: null } }), 200).phone).toBeUndefined()
})

test('who mistyped their address and bought has the right one, and the tickets there; nobody at the wrong one can take that back', async () => {
  const organizer = await running.person({ firstName: 'Olga', lastName: 'Okoń' }, { organizer: true })
  const sale = await publishEvent(organizer, { name: 'Sent astray', quantity: 5, unitPrice: 5_000 })
  const buyer = await running.person({ firstName: 'Zofia', lastName: 'Łącka' }, { email: `zofia-${randomUUID()}@gmial.example` })
  const { orderId } = expectStatus(await buyer.buy({ ...sale, quantity: 1 }), 201)
  const hasTickets = ({ attachments }: Mail) => attachments.some(({ contentType }) => contentType === 'application/pdf')
  await running.mails.waitFor(buyer.email, hasTickets)

  const email = buyer.email.replace('gmial', 'gmail')
  expectStatus(await buyer.auth.changeEmail({ body: { email, password: buyer.password } }), 202)
  const asked = await running.mails.waitFor(email, ({ body }) => tokenOf(body.text, 'verify-email/new') !== '')
  const token = tokenOf(asked.body.text, 'verify-email/new')
  expectStatus(await buyer.auth.confirmEmailChange({ body: { token, password: buyer.password } }), 204)
  expect(await buyer.auth.login({ body: { email: buyer.email, password: buyer.password } })).toMatchObject({ status: 401 })

  await buyer.signIn(email)
  expect(expectStatus(await buyer.auth.getMe({}), 200)).toMatchObject({ email, emailVerified: true })
  expectStatus(await buyer.notifications.resendOrder({ params: { orderId } }), 202)
  const mail = await running.mails.waitFor(email, hasTickets)
  expect(mail.subject).toContain('Sent astray')
  // Nobody had proved the wrong address: its reader is told nothing that gives them the account.
  const astray = await running.mails.list(buyer.email)
  expect(astray.filter(hasTickets)).toHaveLength(1)
  for (const { body } of astray) expect(tokenOf(body.text, 'verify-email/undo')).toBe('')
  const stale = astray.map(({ body }) => tokenOf(body.text, 'verify-email')).find((found) => found !== '') ?? 'no link'
  for (const claim of [{ newPassword: randomUUID() }, { mine: false }]) {
    expect(await buyer.auth.verifyEmail({ body: { token: stale, ...claim } })).toMatchObject({
      status: 400,
      body: { error: 'TOKEN_INVALID' },
    })
  }
  expectStatus(await buyer.auth.getMe({}), 200)
})
