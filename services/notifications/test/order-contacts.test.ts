import { randomUUID } from 'node:crypto'
import {
  type ContactChangeId,
  type Minor,
  type OrderId,
  orderContactChanged,
  orderContactRequested,
  paymentFailed,
  type RefundId,
  refundProcessed,
  ticketsGenerated,
} from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { addressHashOf } from '../src/suppressions/suppression.ts'
import { createWorld } from './peers.ts'
import { failedFor, generatedFor, startService, type TestService } from './start-service.ts'

let service: TestService
beforeAll(async () => {
  service = await startService({ MAIL_UNPROVEN_PER_DAY: '1' })
  service.work()
})
afterEach(() => {
  const { event: _event, users: _users, orders: _orders, ...fresh } = createWorld()
  Object.assign(service.world, fresh)
})
afterAll(() => service.stop())

type User = Awaited<ReturnType<TestService['user']>>
const newAddress = () => `${randomUUID().slice(0, 8)}@elsewhere.example`
const later = () => new Date(Date.now() + 3_600_000)
const mailTo = (email: string) =>
  until(() => {
    const [taken] = service.ses.mails(email)
    if (!taken) throw new Error('no mail yet')
    return taken.mail
  })
const settledAs = (user: User, expected: object[]) =>
  until(async () => expect(await service.rows(user.userId)).toMatchObject(expected))
function changeOf(user: User) {
  const { orderId, orderNumber, userId } = failedFor(user, service)
  return { orderId, orderNumber, userId, changeId: randomUUID() as ContactChangeId }
}
const tokenIn = (text: string | undefined, page: string) =>
  text?.match(new RegExp(`${page}#token=([\\w-]{43})\\n`))?.[1] ?? ''
const { confirmOrderContact, undoOrderContact } = {
  confirmOrderContact: (token: string, mine?: boolean) =>
    service.client({}).confirmOrderContact({ body: { token, ...(mine !== undefined && { mine }) } }),
  undoOrderContact: (token: string) => service.client({}).undoOrderContact({ body: { token } }),
}

/**
 * An address of its own was asked for for an order, so that the payment service is asked where its mails go.
 */
async function askedFor(user: User, orderId: OrderId): Promise<void> {
  const email = newAddress()
  await service.publish(orderContactRequested, { ...changeOf(user), orderId, email, expiresAt: later() })
  await mailTo(email)
}

test('the new address gets a link, whose token confirms or refuses, and nothing of it is kept', async () => {
  const user = await service.user({ locale: 'en' })
  const [change, email] = [changeOf(user), newAddress()]
  await service.publish(orderContactRequested, { ...change, email, expiresAt: later() })
  const mail = await mailTo(email)
  expect(mail.subject).toBe('Please confirm where the mails of your Boxoffice order go')
  const token = tokenIn(mail.text, '/order/contact')
  expect(mail.html).toContain(`https://boxoffice.example/order/contact#token=${token}`)
  await settledAs(user, [{ type: 'ORDER_CONTACT_REQUESTED', status: 'SENT', address: null }])
  const rows = JSON.stringify(await service.rows(user.userId))
  for (const secret of [token, email]) expect(rows).not.toContain(secret)
  expect(service.ses.mails(user.email)).toEqual([])

  expect(await confirmOrderContact(token)).toMatchObject({ status: 204 })
  expect(await confirmOrderContact(token, false)).toMatchObject({ status: 204 })
  expect(service.world.contactsSettled).toEqual([
    { changeId: change.changeId, act: 'CONFIRM' },
    { changeId: change.changeId, act: 'DISOWN' },
  ])
  const wrong = [await undoOrderContact(token), await confirmOrderContact('x'.repeat(43))]
  for (const answer of wrong) expect(answer).toMatchObject({ status: 400, body: { error: 'TOKEN_INVALID' } })
  expect(service.world.contactsSettled).toHaveLength(2)
  service.world.contactOutcome = 'EXPIRED'
  expect(await confirmOrderContact(token)).toMatchObject({ status: 400, body: { error: 'TOKEN_EXPIRED' } })
})

test('the previous or else the account’s verified address gets a link to undo the change', async () => {
  const user = await service.user({ locale: 'en' })
  const former = newAddress()
  for (const email of [former, null]) {
    await service.publish(orderContactChanged, { ...changeOf(user), email, undoUntil: later() })
    const mail = await mailTo(email ?? user.email)
    expect(mail.subject).toBe('The mails of your Boxoffice order go to another address')
    const token = tokenIn(mail.text, '/order/contact/undo')
    expect(await undoOrderContact(token)).toMatchObject({ status: 204 })
    expect(await confirmOrderContact(token)).toMatchObject({ status: 400 })
  }
  const unproven = await service.user({ emailVerified: false })
  const taken = await service.consumed('ORDER_CONTACT_CHANGED', 'done')
  await service.publish(orderContactChanged, { ...changeOf(unproven), email: null, undoUntil: later() })
  await until(async () => expect(await service.consumed('ORDER_CONTACT_CHANGED', 'done')).toBe(taken + 1))
  await settledAs(unproven, [])
  expect(service.ses.mails(unproven.email)).toEqual([])
})

test('the previous address gets no undo link if the mails go to the account again', async () => {
  const user = await service.user({ locale: 'en' })
  const former = newAddress()
  await service.publish(orderContactChanged, { ...changeOf(user), email: former, undoUntil: null })
  const mail = await mailTo(former)
  expect(mail.text).toContain('no longer to this address')
  expect(mail.text).not.toContain('#token=')
})

test('a link that has ended, or to an address whose mails come back, is not sent', async () => {
  const user = await service.user()
  const [late, bouncing] = [newAddress(), newAddress()]
  const since = new Date()
  await service.deps.db.prisma.mailSuppression.create({
    data: { addressHash: addressHashOf(bouncing), cause: 'BOUNCE', reason: 'NO_SUCH_MAILBOX', since },
  })
  const past = new Date(Date.now() - 1_000)
  await service.publish(orderContactRequested, { ...changeOf(user), email: late, expiresAt: past })
  await settledAs(user, [{ failureReason: 'LINK_EXPIRED', address: null }])
  await service.publish(orderContactRequested, { ...changeOf(user), email: bouncing, expiresAt: later() })
  await settledAs(user, [{ status: 'FAILED' }, { failureReason: 'ADDRESS_SUPPRESSED', address: null }])
})

test('tickets and all mails about an order go to its own, proven address, not the account’s', async () => {
  const user = await service.user({ emailVerified: false, locale: 'en' })
  const contactEmail = newAddress()
  const generated = generatedFor(user, service, 1)
  await askedFor(user, generated.orderId)
  service.world.order = { contactEmail, userId: user.userId, status: 'CONFIRMED' }
  await service.publish(ticketsGenerated, generated)
  const mail = await mailTo(contactEmail)
  expect(mail.subject).toContain('Święto Świateł')
  expect(mail.attachments.some(({ contentType }) => contentType === 'application/pdf')).toBe(true)

  const { orderNumber, eventId } = failedFor(user, service)
  const money = {
    refundId: randomUUID() as RefundId,
    refundAmount: 10_050 as Minor,
    currency: 'EUR' as const,
    reason: 'ill',
  }
  const { orderId, userId } = generated
  await service.publish(refundProcessed, { orderId, orderNumber, userId, eventId, ...money })
  await until(() => expect(service.ses.mails(contactEmail)).toHaveLength(2))
  expect(await service.client(user.headers).resendOrder({ params: { orderId } })).toMatchObject({
    status: 202,
  })
  await until(() => expect(service.ses.mails(contactEmail)).toHaveLength(3))
  expect(service.ses.mails(user.email)).toEqual([])
})

test('a mail that is written when the order gets another address goes to that one alone', async () => {
  const user = await service.user()
  const [before, after] = [newAddress(), newAddress()]
  service.world.order = { contactEmail: before }
  service.world.afterPdf = () => {
    service.world.order = { contactEmail: after }
  }
  const generated = generatedFor(user, service, 1)
  await askedFor(user, generated.orderId)
  await service.publish(ticketsGenerated, generated)
  await mailTo(after)
  await settledAs(user, [{ status: 'SENT' }, { status: 'SENT' }])
  for (const email of [before, user.email]) expect(service.ses.mails(email)).toEqual([])
})

test('the pages of both mails do the same, and say so while orders cannot be changed', async () => {
  const send = (url: string, fields: Record<string, string>) =>
    service.app.inject({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: new URLSearchParams(fields).toString(),
    })
  const changeId = randomUUID() as ContactChangeId
  const [code, back] = (['CONFIRM', 'UNDO'] as const).map((purpose) =>
    service.deps.contactTokens.sign(purpose, changeId),
  )
  const pages = [
    ['/order/contact', { code: code ?? '', act: 'confirm' }],
    ['/order/contact', { code: code ?? '', act: 'disown' }],
    ['/order/contact/undo', { code: back ?? '' }],
  ] as const
  for (const [url, fields] of pages) {
    expect((await service.app.inject({ method: 'GET', url })).statusCode).toBe(200)
    expect((await send(url, fields)).statusCode).toBe(200)
    expect((await send(url, { code: 'x'.repeat(43) })).statusCode).toBe(400)
    expect((await send(url, { code: '' })).statusCode).toBe(400)
  }
  expect(service.world.contactsSettled.map(({ act }) => act)).toEqual(['CONFIRM', 'DISOWN', 'UNDO'])
  service.world.down.add('payments')
  expect((await send('/order/contact', pages[0][1])).statusCode).toBe(503)
})

test('a mail to an order’s own address has no link that ends mails of the buyer', async () => {
  const user = await service.user()
  const contactEmail = newAddress()
  const failed = failedFor(user, service)
  await askedFor(user, failed.orderId)
  service.world.order = { contactEmail, userId: user.userId }
  await service.publish(paymentFailed, failed)
  await mailTo(contactEmail)
  expect(service.ses.mails(contactEmail)[0]?.raw).not.toContain('List-Unsubscribe')
})

test('where an order’s own address takes no mails its buyer gets them', async () => {
  const user = await service.user()
  const contactEmail = newAddress()
  await service.deps.db.prisma.mailSuppression.create({
    data: {
      addressHash: addressHashOf(contactEmail),
      cause: 'COMPLAINT',
      reason: 'abuse',
      since: new Date(),
    },
  })
  const generated = generatedFor(user, service, 1)
  await askedFor(user, generated.orderId)
  service.world.order = { contactEmail, userId: user.userId, status: 'CONFIRMED' }
  await service.publish(ticketsGenerated, generated)
  await mailTo(user.email)
  expect(service.ses.mails(contactEmail)).toEqual([])
})
