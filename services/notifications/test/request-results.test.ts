import { randomUUID } from 'node:crypto'
import {
  type NotificationId,
  type NotificationRequest,
  notificationDelivered,
  notificationFailed,
  paymentFailed,
} from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { startProcess } from './process.ts'
import { bounceOf, complaintOf, delayOf } from './ses-events.ts'
import { failedFor, startService, type TestService } from './start-service.ts'

let service: TestService
beforeAll(async () => {
  service = await startService()
  service.work()
})
afterEach(() => service.ses.set('ok'))
afterAll(() => service.stop())

type User = Awaited<ReturnType<TestService['user']>>
const requestFor = (user: User, about: Partial<NotificationRequest>, of = service): NotificationRequest => ({
  userId: user.userId,
  type: 'PAYMENT_FAILED',
  channel: 'EMAIL',
  recipient: user.email,
  template: 'PAYMENT_FAILED',
  payload: z.encode(paymentFailed.payload, failedFor(user, of)),
  priority: 'MEDIUM',
  notifyResult: true,
  ...about,
})
async function ask(user: User, about: Partial<NotificationRequest> = {}) {
  const client = await service.as('payment-service')
  const answer = await client.sendNotification({ body: requestFor(user, about) })
  if (answer.status !== 202) throw new Error(`the request was answered ${answer.status}`)
  const { notificationId } = answer.body
  const look = async () => {
    const { status, body } = await client.getRequestedNotification({ params: { notificationId } })
    if (status !== 200) throw new Error(`the look-up was answered ${status}`)
    return body
  }
  return { notificationId, look }
}
const isOf = (notificationId: NotificationId) => (message: { payload: { notificationId: NotificationId } }) =>
  message.payload.notificationId === notificationId
const mailed = (user: User) =>
  until(() => {
    const [mail] = service.ses.mails(user.email)
    if (!mail) throw new Error('no mail yet')
    return mail
  })
const messagesOf = async (notificationId: NotificationId) => {
  const { rows } = await service.deps.pool.query<{ event_type: string; attributes: object }>(
    `select event_type, attributes from outbox where body->'payload'->>'notificationId' = $1
     order by position`,
    [notificationId],
  )
  return rows
}

test('the requesting service is notified of the delivery, and can look up the provider’s id', async () => {
  const user = await service.user()
  const { notificationId, look } = await ask(user)
  const published = await service.probe.waitFor(notificationDelivered, isOf(notificationId))
  const [mail] = service.ses.mails(user.email)
  const found = await look()
  expect(found).toMatchObject({ status: 'SENT', attempts: 1, priority: 'MEDIUM', template: 'PAYMENT_FAILED' })
  expect(found).toMatchObject({ providerMessageId: mail?.messageId, sentAt: published.payload.deliveredAt })
  expect(published.payload).toEqual({
    notificationId,
    requestedBy: 'payment-service',
    userId: user.userId,
    type: 'PAYMENT_FAILED',
    channel: 'EMAIL',
    deliveredAt: found.sentAt,
    providerMessageId: mail?.messageId,
  })
  expect(await messagesOf(notificationId)).toMatchObject([
    { attributes: { requestedBy: 'payment-service', notificationId } },
  ])
  expect(JSON.stringify([found, published])).not.toContain(user.email)
})

test('a service that did not ask for results gets none, and can still look them up', async () => {
  const user = await service.user()
  const { notificationId, look } = await ask(user, { notifyResult: false })
  await until(async () => expect(await look()).toMatchObject({ status: 'SENT' }))
  expect(await messagesOf(notificationId)).toEqual([])
})

test('a failure is published with its reason', async () => {
  service.ses.set('reject')
  const user = await service.user()
  const { notificationId, look } = await ask(user)
  const published = await service.probe.waitFor(notificationFailed, isOf(notificationId))
  expect(published.payload).toMatchObject({
    outcome: 'FAILED',
    reason: 'MessageRejected',
    requestedBy: 'payment-service',
  })
  expect(await look()).toMatchObject({
    status: 'FAILED',
    attempts: 1,
    failure: { reason: 'MessageRejected' },
  })
})

test('what came back was delivered first, and has failed then', async () => {
  const user = await service.user()
  const { notificationId, look } = await ask(user)
  await service.probe.waitFor(notificationDelivered, isOf(notificationId))
  await service.sendFeedback(bounceOf(await mailed(user)))
  const published = await service.probe.waitFor(notificationFailed, isOf(notificationId))
  expect(published.payload).toMatchObject({ outcome: 'BOUNCED', reason: 'NO_SUCH_MAILBOX' })
  expect(published.aggregateVersion).toBe(2)
  expect(await look()).toMatchObject({
    status: 'BOUNCED',
    failure: { reason: 'NO_SUCH_MAILBOX' },
    bouncedAt: expect.any(Date),
  })
  // The address gets no other.
  const next = await ask(user)
  await until(async () =>
    expect(await next.look()).toMatchObject({ status: 'FAILED', failure: { reason: 'ADDRESS_SUPPRESSED' } }),
  )
})

test('a mail that bounces before its sending is recorded is published once, as bounced', async () => {
  const user = await service.user()
  const published = Promise.withResolvers<void>()
  service.ses.onTaken(async (address) => {
    if (address !== user.email) return
    service.ses.onTaken(async () => {})
    await published.promise
  })
  const { notificationId } = await ask(user)
  await service.sendFeedback(bounceOf(await mailed(user)))
  await service.probe.waitFor(notificationFailed, isOf(notificationId))
  published.resolve()
  const next = await service.user()
  const after = await ask(next)
  await until(async () => expect(await after.look()).toMatchObject({ status: 'SENT' }))
  expect((await messagesOf(notificationId)).map((row) => row.event_type)).toEqual(['NOTIFICATION_FAILED'])
})

test('that it is late, or was called unwanted, is looked up', async () => {
  const user = await service.user()
  const { look } = await ask(user)
  await until(async () => expect(await look()).toMatchObject({ status: 'SENT' }))
  const mail = await mailed(user)
  await service.sendFeedback(delayOf(mail))
  await until(async () =>
    expect(await look()).toMatchObject({ delayed: { reason: 'NOT_REACHED', at: expect.any(Date) } }),
  )
  await service.sendFeedback(complaintOf(mail))
  await until(async () =>
    expect(await look()).toMatchObject({ status: 'SENT', complainedAt: expect.any(Date) }),
  )
})

test('a type that its recipient turns off is not sent, and the requesting service learns why', async () => {
  const user = await service.user()
  const { notificationId, look } = await ask(user, { sendAt: new Date(Date.now() + 3_600_000) })
  const preferences = [{ type: 'PAYMENT_FAILED', channel: 'EMAIL', enabled: false } as const]
  await service.client(user.headers).updatePreferences({ body: { preferences } })
  await service.deps.pool.query(
    `update notifications set next_attempt_at = now() - interval '1 second',
       created_at = now() - interval '1 second' where id = $1`,
    [notificationId],
  )
  const published = await service.probe.waitFor(notificationFailed, isOf(notificationId))
  expect(published.payload).toMatchObject({ outcome: 'CANCELLED', reason: 'TURNED_OFF' })
  expect(await look()).toMatchObject({ status: 'CANCELLED', failure: { reason: 'TURNED_OFF' } })
  expect((await service.client(user.headers).listNotifications({ query: {} })).body.notifications).toEqual([])
  expect(service.ses.mails(user.email)).toEqual([])
})

test('only the requesting service can look it up', async () => {
  const user = await service.user()
  const { notificationId, look } = await ask(user)
  await until(async () => expect(await look()).toMatchObject({ status: 'SENT' }))
  const params = { notificationId }
  for (const other of ['auth-service', 'event-service', 'ticket-service'] as const)
    expect(await (await service.as(other)).getRequestedNotification({ params })).toMatchObject({
      status: 404,
      body: { error: 'NOTIFICATION_NOT_FOUND' },
    })
  const url = `/api/notifications/internal/requests/${notificationId}`
  expect((await service.app.inject({ method: 'GET', url, headers: user.headers })).statusCode).toBe(401)
  const cli = await service.authority.service('boxoffice-cli', 'notification-service')
  expect((await service.app.inject({ method: 'GET', url, headers: cli })).statusCode).toBe(403)
  // What a message asked for is no service's.
  const buyer = await service.user()
  await service.publish(paymentFailed, failedFor(buyer, service))
  await until(async () => expect(await service.rows(buyer.userId)).toMatchObject([{ status: 'SENT' }]))
  const [row] = await service.rows(buyer.userId)
  const own = { notificationId: row?.id as NotificationId }
  expect(await (await service.as('payment-service')).getRequestedNotification({ params: own })).toMatchObject(
    { status: 404 },
  )
})

test('a failure is logged with subject, recipient id, requester and last error only', async () => {
  const quiet = await startService()
  try {
    const logging = await startProcess(quiet, { MAIL_ATTEMPTS_MAX: '1' })
    quiet.ses.set('down')
    const user = await quiet.user()
    const correlationId = randomUUID()
    const client = await quiet.as('payment-service', { 'x-correlation-id': correlationId })
    const body = requestFor(user, { priority: 'HIGH' }, quiet)
    const answer = await client.sendNotification({ body })
    const line = await until(() => {
      const found = logging
        .logged()
        .split('\n')
        .find((one) => one.includes('a notification cannot be sent'))
      if (!found) throw new Error('nothing is logged yet')
      return JSON.parse(found) as Record<string, unknown>
    })
    expect(line).toMatchObject({
      level: 'error',
      correlationId,
      notificationId: answer.status === 202 && answer.body.notificationId,
      type: 'PAYMENT_FAILED',
      channel: 'EMAIL',
      attempts: 1,
      priority: 'HIGH',
      recipientId: user.userId,
      orderId: body.payload.orderId,
      eventId: body.payload.eventId,
      requestedBy: 'payment-service',
      failureReason: 'GIVEN_UP',
      err: { type: 'ServiceUnavailable', message: expect.stringContaining('InternalFailure') },
      createdAt: expect.any(String),
    })
    for (const secret of [user.email, user.firstName, user.lastName])
      expect(logging.logged()).not.toContain(secret)
    expect(await logging.stop()).toEqual([0, null])
  } finally {
    await quiet.stop()
  }
})
