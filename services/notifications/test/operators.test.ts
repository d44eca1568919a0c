import { randomUUID } from 'node:crypto'
import {
  type Currency,
  eventUpdated,
  type ListedNotification,
  type ListedSuppression,
  type Minor,
  type NotificationId,
  type OrderId,
  orderCreated,
  type Payload,
  paymentCompleted,
  paymentFailed,
  type ReservationId,
  type TicketId,
  type TicketTypeId,
  type TransferId,
  ticketsGenerated,
  ticketTransferOffered,
  userCreated,
} from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { addressHashOf } from '../src/suppressions/suppression.ts'
import { bounceOf, complaintOf } from './ses-events.ts'
import { createdFor, failedFor, generatedFor, startService, type TestService } from './start-service.ts'

let service: TestService
let operator: ReturnType<TestService['client']>
beforeAll(async () => {
  service = await startService({ MAIL_BY_OTHERS_PER_DAY: '1' })
  service.work()
  operator = service.client(await service.authority.service('boxoffice-cli', 'notification-service'))
})
afterEach(() => {
  service.ses.set('ok')
  service.world.event.status = 'PUBLISHED'
  service.world.order = {}
  service.world.held = 1
  service.world.invalid.clear()
})
afterAll(() => service.stop())

type User = Awaited<ReturnType<TestService['user']>>
const mailsTo = ({ email }: Pick<User, 'email'>) => service.ses.mails(email)
const sent = (user: User, count: number) =>
  until(() => {
    expect(mailsTo(user)).toHaveLength(count)
    return mailsTo(user).map(({ mail }) => mail)
  })
const list = async (query: Parameters<typeof operator.listNotificationsAsOperator>[0]['query']) =>
  (await operator.listNotificationsAsOperator({ query })).body
/** The only notification of a user, as soon as it has this status. */
const only = (user: Pick<User, 'userId'>, status: string) =>
  until(async () => {
    const [row, ...others] = await service.rows(user.userId)
    expect(row?.status).toBe(status)
    expect(others).toEqual([])
    return row?.id as NotificationId
  })
const resend = (notificationId: NotificationId) => operator.resendNotification({ params: { notificationId } })
const resent = async (notificationId: NotificationId) => {
  const answer = await resend(notificationId)
  if (answer.status !== 202) throw new Error(`not resent: ${JSON.stringify(answer.body)}`)
  return answer.body.notificationId
}
const refusedBecause = (message: string | RegExp) => ({
  status: 409,
  body: {
    error: 'NOTHING_TO_RESEND',
    message: typeof message === 'string' ? message : expect.stringMatching(message),
  },
})
/** A user who was mailed that a payment failed. */
async function mailed(about: Parameters<TestService['user']>[0] = {}) {
  const user = await service.user(about)
  const failed = failedFor(user, service)
  await service.publish(paymentFailed, failed)
  return { user, failed, notificationId: await only(user, 'SENT') }
}
const ordered = (user: User): Payload<typeof orderCreated> => {
  const { orderId, orderNumber, userId, eventId } = failedFor(user, service)
  return { orderId, orderNumber, userId, eventId, status: 'PENDING', createdAt: new Date() }
}
const turn = (
  user: User,
  type: 'PAYMENT_FAILED' | 'PAYMENT_PROCESSED' | 'ORDER_CREATED',
  enabled: boolean,
  channel: 'EMAIL' | 'SMS' = 'EMAIL',
) => service.client(user.headers).updatePreferences({ body: { preferences: [{ type, channel, enabled }] } })

test('operators list notifications by page, newest first, without addresses or content', async () => {
  const since = new Date()
  const people = [await mailed(), await mailed(), await mailed()]
  const ids = people.map(({ notificationId }) => notificationId).reverse()
  const listed: ListedNotification[] = []
  let cursor: string | null | undefined
  do {
    const page = await list({ limit: 2, since, ...(cursor && { cursor }) })
    listed.push(...page.notifications)
    cursor = page.nextCursor
  } while (cursor)
  expect(listed.map(({ notificationId }) => notificationId)).toEqual(ids)
  const [first] = people
  expect(listed.at(-1)).toEqual({
    notificationId: first?.notificationId,
    type: 'PAYMENT_FAILED',
    channel: 'EMAIL',
    status: 'SENT',
    attempts: 1,
    createdAt: expect.any(Date),
    sentAt: expect.any(Date),
    orderId: first?.failed.orderId,
    eventId: first?.failed.eventId,
  })
  expect(JSON.stringify(listed)).not.toMatch(/@|ORD-|Zofia/)
})

test('the list is filtered by order, status and type', async () => {
  const [good, bounced] = [await mailed(), await mailed()]
  const [mail] = mailsTo(bounced.user)
  if (!mail) throw new Error('no mail')
  await service.sendFeedback(bounceOf(mail, { type: 'Transient', subType: 'MailboxFull' }))
  await until(async () => {
    const { orderId } = bounced.failed
    expect((await list({ orderId })).notifications).toMatchObject([
      { status: 'BOUNCED', failure: { reason: 'MAILBOX_FULL', message: expect.any(String) } },
    ])
  })
  const failed = await service.user()
  service.ses.set('reject')
  await service.publish(paymentFailed, failedFor(failed, service))
  const failedId = await only(failed, 'FAILED')
  const future = new Date(Date.now() + 3_600_000)
  const waiting = await service.as('payment-service')
  const requested = await waiting.sendNotification({
    body: {
      userId: failed.userId,
      type: 'ORDER_CREATED',
      channel: 'EMAIL',
      recipient: failed.email,
      template: 'ORDER_CREATED',
      payload: JSON.parse(JSON.stringify(ordered(failed))),
      priority: 'LOW',
      sendAt: future,
    },
  })
  const pendingId = requested.status === 202 && requested.body.notificationId
  const idsOf = async (query: Parameters<typeof list>[0]) =>
    (await list({ limit: 100, ...query })).notifications.map(({ notificationId }) => notificationId)
  expect(await idsOf({ status: 'BOUNCED' })).toContain(bounced.notificationId)
  expect(await idsOf({ status: 'SENT' })).toContain(good.notificationId)
  expect(await idsOf({ status: 'SENT' })).not.toContain(bounced.notificationId)
  expect(await idsOf({ status: 'FAILED' })).toEqual([failedId])
  expect((await list({ status: 'PENDING' })).notifications).toMatchObject([
    { notificationId: pendingId, nextAttemptAt: future },
  ])
  expect(await idsOf({ type: 'ORDER_CREATED' })).toEqual([pendingId])
  expect(await idsOf({ type: 'ORDER_CREATED', status: 'SENT' })).toEqual([])
  expect(await idsOf({ orderId: good.failed.orderId, type: 'PAYMENT_FAILED', status: 'SENT' })).toEqual([
    good.notificationId,
  ])
  await waiting.cancelRequestedNotification({ params: { notificationId: pendingId as NotificationId } })
  expect((await list({ status: 'CANCELLED' })).notifications).toMatchObject([
    { notificationId: pendingId, failure: { reason: 'CANCELLED_BY_ASKER' } },
  ])
})

test('a notification is sent again as a new one: sent, failed or bounced', async () => {
  const { user, failed, notificationId } = await mailed()
  const second = await resent(notificationId)
  await sent(user, 2)
  expect((await list({ orderId: failed.orderId })).notifications).toMatchObject([
    { notificationId: second, resendOf: notificationId, type: 'PAYMENT_FAILED' },
    { notificationId },
  ])
  // What repeats a repetition repeats the first.
  await until(async () => expect((await resend(second)).status).toBe(202))
  await sent(user, 3)
  const { notifications } = await list({ orderId: failed.orderId })
  expect(notifications.map(({ resendOf }) => resendOf)).toEqual([notificationId, notificationId, undefined])

  const refusedBySes = await service.user()
  service.ses.set('reject')
  await service.publish(paymentFailed, failedFor(refusedBySes, service))
  const failedId = await only(refusedBySes, 'FAILED')
  service.ses.set('ok')
  await resent(failedId)
  await sent(refusedBySes, 1)

  const full = await mailed()
  const [mail] = mailsTo(full.user)
  if (!mail) throw new Error('no mail')
  await service.sendFeedback(bounceOf(mail, { type: 'Transient', subType: 'MailboxFull' }))
  await until(async () =>
    expect((await list({ status: 'BOUNCED' })).notifications[0]?.notificationId).toBe(full.notificationId),
  )
  await resent(full.notificationId)
  await sent(full.user, 2)
})

test('the same Idempotency-Key sends it again once', async () => {
  const { user, notificationId } = await mailed()
  const headers = {
    ...(await service.authority.service('boxoffice-cli', 'notification-service')),
    'idempotency-key': randomUUID(),
  }
  const once = () => service.client(headers).resendNotification({ params: { notificationId } })
  expect(await once()).toEqual(await once())
  await sent(user, 2)
  await until(async () =>
    expect((await service.rows(user.userId)).map(({ status }) => status)).toEqual(['SENT', 'SENT']),
  )
})

test('a receipt that is sent again has the day of the payment', async () => {
  const user = await service.user({ locale: 'en' })
  await turn(user, 'PAYMENT_PROCESSED', true)
  const { orderId, orderNumber, userId, eventId } = ordered(user)
  await service.publish(paymentCompleted, {
    ...{ orderId, orderNumber, userId, eventId },
    reservationId: randomUUID() as ReservationId,
    holderName: 'Ada',
    totalAmount: 5_025 as Minor,
    currency: 'EUR' as Currency,
    paymentMethod: 'CREDIT_CARD',
    transactionId: null,
    items: [{ ticketTypeId: randomUUID() as TicketTypeId, quantity: 1, unitPrice: 5_025 as Minor }],
  })
  const notificationId = await only(user, 'SENT')
  await service.deps.pool.query(
    `update notifications set created_at = '2026-03-14T12:00:00Z' where id = $1`,
    [notificationId],
  )
  await resent(notificationId)
  const [, again] = await sent(user, 2)
  expect(again?.text).toContain('14 March 2026')
})

test('what an operator sends again does not wait because of what others caused', async () => {
  const user = await service.user()
  service.world.holders = [user.userId]
  await service.publish(eventUpdated, { ...service.world.event, changed: ['eventDate'] })
  const notificationId = await only(user, 'SENT')
  await resent(notificationId)
  await resent(notificationId)
  await sent(user, 3)
})

test("nothing that is not kept is sent again: secret links, addresses, services' texts", async () => {
  const newcomer = await service.user()
  await service.publish(userCreated, createdFor(newcomer, await service.seal('secret')))
  expect(await resend(await only(newcomer, 'SENT'))).toMatchObject(
    refusedBecause('its secret link is not kept: the reader asks for a new one'),
  )

  const user = await service.user()
  const payments = await service.as('payment-service')
  const requested = await payments.sendNotification({
    body: {
      userId: user.userId,
      type: 'PAYMENT_FAILED',
      channel: 'EMAIL',
      recipient: 'elsewhere@customers.example',
      template: 'PAYMENT_FAILED',
      payload: JSON.parse(JSON.stringify(failedOnWire(user))),
      priority: 'HIGH',
    },
  })
  expect(requested.status).toBe(202)
  expect(await resend(await only(user, 'SENT'))).toMatchObject(
    refusedBecause(/^what payment-service sent is not kept/),
  )

  const sender = await service.user()
  const recipientEmail = `${randomUUID().slice(0, 8)}@strangers.example`
  await service.publish(ticketTransferOffered, {
    transferId: randomUUID() as TransferId,
    ticketId: randomUUID() as TicketId,
    eventId: service.world.event.eventId,
    userId: sender.userId,
    recipientEmail,
    holderName: 'Jan',
  })
  await until(() => expect(mailsTo({ email: recipientEmail })).toHaveLength(1))
  const offers = await until(async () => {
    const { notifications } = await list({ type: 'TICKET_TRANSFERRED', status: 'SENT' })
    expect(notifications).toHaveLength(1)
    return notifications
  })
  expect(await resend(offers[0]?.notificationId as NotificationId)).toMatchObject(
    refusedBecause('it went to an address without an account, which is not kept'),
  )
})
const failedOnWire = (user: User) => {
  const { totalAmount: _, ...failed } = failedFor(user, service)
  return { ...failed, totalAmount: 100.5 }
}

test('what has become untrue is not sent again, and the answer says why', async () => {
  const { user, notificationId } = await mailed()
  const { userId } = user
  await turn(user, 'PAYMENT_FAILED', false)
  expect(await resend(notificationId)).toMatchObject(
    refusedBecause('its recipient has turned such notifications off'),
  )
  await turn(user, 'PAYMENT_FAILED', true)
  service.world.users.delete(userId)
  expect(await resend(notificationId)).toMatchObject(refusedBecause('its recipient has no account any more'))

  const phoned = await service.user({ phone: '+48555123456' })
  await turn(phoned, 'ORDER_CREATED', false)
  await turn(phoned, 'ORDER_CREATED', true, 'SMS')
  await service.publish(orderCreated, ordered(phoned))
  service.world.order = { status: 'PENDING' }
  const text = await only(phoned, 'SENT')
  await resent(text)
  await until(() => expect(service.sms.texts('+48555123456')).toHaveLength(2))
  service.world.order = { status: 'CONFIRMED' }
  expect(await resend(text)).toMatchObject(
    refusedBecause('the order has ended: another notification says how'),
  )
  const { phone: _, ...phoneless } = service.world.users.get(phoned.userId) ?? phoned
  service.world.users.set(phoned.userId, phoneless)
  expect(await resend(text)).toMatchObject(refusedBecause('its recipient has no telephone number'))
  expect(await resend(randomUUID() as NotificationId)).toMatchObject({
    status: 404,
    body: { error: 'NOTIFICATION_NOT_FOUND' },
  })
})

test('what is not sent yet is not sent twice', async () => {
  const user = await service.user()
  service.ses.set('down')
  await service.publish(paymentFailed, failedFor(user, service))
  const notificationId = await only(user, 'SENDING')
  expect(await resend(notificationId)).toMatchObject(refusedBecause('it is not sent yet, and will be'))
})

test('an operator mails the tickets of an order to its buyer again, as often as needed', async () => {
  const user = await service.user()
  const generated = generatedFor(user, service, 1)
  const resendOrder = (orderId: OrderId) => operator.resendOrderAsOperator({ params: { orderId } })
  service.world.order = { userId: user.userId, status: 'CONFIRMED' }
  expect(await resendOrder(generated.orderId)).toMatchObject(
    refusedBecause('the tickets of this order have not been mailed yet'),
  )
  await service.publish(ticketsGenerated, generated)
  await sent(user, 1)
  for (let count = 0; count < 7; count++) {
    expect(await resendOrder(generated.orderId)).toMatchObject({
      status: 202,
      body: { notificationId: expect.any(String) },
    })
  }
  for (const { attachments } of await sent(user, 8))
    expect(attachments.some(({ contentType }) => contentType === 'application/pdf')).toBe(true)

  service.world.invalid.add(String(generated.tickets[0]?.ticketId))
  expect(await resendOrder(generated.orderId)).toMatchObject(
    refusedBecause('no ticket of this order is valid any more'),
  )
  service.world.invalid.clear()
  service.world.event.status = 'CANCELLED'
  expect(await resendOrder(generated.orderId)).toMatchObject(refusedBecause('the event is cancelled'))
})

test('suppressed addresses are listed by hash, newest first, in pages, by cause and time', async () => {
  const people = [await mailed(), await mailed(), await mailed()]
  for (const [index, { user }] of people.entries()) {
    const [mail] = mailsTo(user)
    if (!mail) throw new Error('no mail')
    const at = new Date(Date.now() + index * 60_000).toISOString()
    await service.sendFeedback(index === 1 ? complaintOf(mail, { at }) : bounceOf(mail, { at }))
  }
  const hashes = people.map(({ user }) => addressHashOf(user.email)).reverse()
  const listAll = async (query: { cause?: 'BOUNCE' | 'COMPLAINT'; since?: Date } = {}) => {
    const listed: ListedSuppression[] = []
    let cursor: string | null | undefined
    do {
      const page = (
        await operator.listSuppressions({ query: { limit: 1, ...query, ...(cursor && { cursor }) } })
      ).body
      listed.push(...page.suppressions)
      cursor = page.nextCursor
    } while (cursor)
    return listed
  }
  const all = await until(async () => {
    const listed = await listAll()
    expect(listed.map(({ addressHash }) => addressHash)).toEqual(hashes)
    return listed
  })
  expect(all[0]).toEqual({
    addressHash: hashes[0],
    cause: 'BOUNCE',
    reason: 'NO_SUCH_MAILBOX',
    since: expect.any(Date),
    notificationId: people[2]?.notificationId,
  })
  expect((await listAll({ cause: 'COMPLAINT' })).map(({ addressHash }) => addressHash)).toEqual([hashes[1]])
  expect(await listAll({ since: all[1]?.since as Date })).toEqual(all.slice(0, 2))
  await operator.liftSuppressions({ params: { addressHash: hashes[0] ?? '' } })
  expect(await listAll()).toEqual(all.slice(1))
})

test('no one else may list or send again', async () => {
  const { user, failed, notificationId } = await mailed()
  const client = service.client(user.headers)
  const forbidden = { status: 403 }
  await expect(client.listNotificationsAsOperator({ query: {} })).rejects.toMatchObject(forbidden)
  await expect(client.listSuppressions({ query: {} })).rejects.toMatchObject(forbidden)
  await expect(client.resendNotification({ params: { notificationId } })).rejects.toMatchObject(forbidden)
  await expect(client.resendOrderAsOperator({ params: { orderId: failed.orderId } })).rejects.toMatchObject(
    forbidden,
  )
})
