import { randomUUID } from 'node:crypto'
import { type NotificationRequest, paymentFailed } from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { failedFor, startService, type TestService } from './start-service.ts'

let service: TestService
beforeAll(async () => {
  service = await startService()
  service.work()
})
afterAll(() => service.stop())

type User = Awaited<ReturnType<TestService['user']>>
const requestFor = (user: User, about: Partial<NotificationRequest> = {}): NotificationRequest => ({
  userId: user.userId,
  type: 'PAYMENT_FAILED',
  channel: 'EMAIL',
  recipient: user.email,
  template: 'PAYMENT_FAILED',
  payload: z.encode(paymentFailed.payload, failedFor(user, service)),
  priority: 'MEDIUM',
  ...about,
})

test('another service has something sent, to where it says and under its own subject', async () => {
  const user = await service.user({ locale: 'en' })
  const recipient = `${randomUUID().slice(0, 8)}@elsewhere.example`
  const client = await service.as('payment-service')
  const body = requestFor(user, { recipient, subject: 'About your order' })
  const answer = await client.sendNotification({ body })
  await until(() =>
    expect(service.ses.mails(recipient)).toMatchObject([{ mail: { subject: 'About your order' } }]),
  )
  expect(service.ses.mails(recipient)[0]?.mail.text).toContain('Your bank declined the payment.')
  await until(async () => {
    const rows = await service.rows(user.userId)
    expect(rows).toMatchObject([
      { id: answer.status === 202 && answer.body.notificationId, status: 'SENT', address: null },
    ])
    expect(rows[0]).toMatchObject({ subject: 'About your order', orderId: body.payload.orderId })
  })
  expect(service.ses.mails(user.email)).toEqual([])
})

test.each(['requestId', 'Idempotency-Key'])(
  'the same request again, known by its %s, is sent once',
  async (by) => {
    const user = await service.user()
    const key = randomUUID()
    const client = await service.as('event-service', by === 'requestId' ? {} : { 'idempotency-key': key })
    const body = requestFor(user, by === 'requestId' ? { requestId: key } : {})
    const first = await client.sendNotification({ body })
    expect(await client.sendNotification({ body })).toEqual(first)
    await until(() => expect(service.ses.mails(user.email)).toHaveLength(1))
    expect(await service.rows(user.userId)).toHaveLength(1)
    const { requestId: _, ...same } = body
    const reordered = Object.fromEntries(Object.entries(body.payload).reverse())
    const again = { ...same, payload: reordered, ...(by === 'requestId' && { requestId: key }) }
    expect(await client.sendNotification({ body: again })).toEqual(first)
  },
)

test('the same key with anything else in the request is refused, also when both come at once', async () => {
  const [user, other] = [await service.user(), await service.user()]
  const client = await service.as('event-service')
  const body = requestFor(user, { requestId: randomUUID() })
  expect(await client.sendNotification({ body })).toMatchObject({ status: 202 })
  const others: Partial<NotificationRequest>[] = [
    { userId: other.userId },
    { recipient: other.email },
    { subject: 'Something else' },
    { priority: 'URGENT' },
    { payload: requestFor(user).payload },
  ]
  for (const changed of others) {
    expect(await client.sendNotification({ body: { ...body, ...changed } })).toMatchObject({
      status: 422,
      body: { error: 'IDEMPOTENCY_KEY_REUSED' },
    })
  }
  // Keys of different services are independent.
  const stranger = await service.as('auth-service')
  expect(await stranger.sendNotification({ body: { ...body, subject: 'Mine' } })).toMatchObject({
    status: 202,
  })

  const requestId = randomUUID()
  const answers = await Promise.all(
    ['One', 'Two', 'Three'].map((subject) =>
      client.sendNotification({ body: requestFor(user, { requestId, subject }) }),
    ),
  )
  expect(answers.map(({ status }) => status).sort()).toEqual([202, 422, 422])
})

test('what its recipient turned off is answered with nothing, and has no notification', async () => {
  const user = await service.user()
  const client = await service.as('payment-service')
  const set = (enabled: boolean) =>
    service
      .client(user.headers)
      .updatePreferences({ body: { preferences: [{ type: 'PAYMENT_FAILED', channel: 'EMAIL', enabled }] } })
  await set(false)
  const body = requestFor(user, { requestId: randomUUID() })
  const nothing = { status: 200, body: { enqueued: false, reason: 'TURNED_OFF' } }
  expect(await client.sendNotification({ body })).toEqual(nothing)
  expect(await client.sendNotification({ body })).toEqual(nothing)
  expect(await service.rows(user.userId)).toEqual([])
  await set(true)
  const answer = await client.sendNotification({ body })
  expect(answer).toMatchObject({ status: 202 })
  await until(async () =>
    expect(await service.rows(user.userId)).toMatchObject([
      { id: answer.status === 202 && answer.body.notificationId, status: 'SENT' },
    ]),
  )
})

test('a text message goes to the number that is given; who turned the type off gets nothing', async () => {
  const user = await service.user()
  const recipient = '+48555000111'
  const client = await service.as('ticket-service')
  const payload = { eventId: service.world.event.eventId, cancellationReason: 'rain' }
  const body = requestFor(user, {
    type: 'EVENT_CANCELLED',
    template: 'EVENT_CANCELLED',
    channel: 'SMS',
    recipient,
    payload,
  })
  expect(await client.sendNotification({ body })).toMatchObject({ status: 200, body: { enqueued: false } })
  expect(await service.rows(user.userId)).toEqual([])
  const preferences = [{ type: 'EVENT_CANCELLED', channel: 'SMS', enabled: true } as const]
  await service.client(user.headers).updatePreferences({ body: { preferences } })
  await client.sendNotification({ body })
  await until(() => expect(service.sms.texts(recipient)).toHaveLength(1))
})

test.each([
  [{ channel: 'PUSH' }, 'body.recipient', 'must be the userId'],
  [{ channel: 'SMS', recipient: '+48555000111' }, 'body.channel', 'PAYMENT_FAILED is not sent by SMS'],
  [{ recipient: 'nobody' }, 'body.recipient', 'mail address'],
  [{ template: 'USER_WELCOME' }, 'body.template', 'must be PAYMENT_FAILED, or one that is configured'],
  [{ template: 'order-created' }, 'body.template', 'there is no template order-created for EMAIL'],
  [{ template: '../secret' }, 'body.template', 'must be a name'],
  [{ sendAt: new Date(Date.now() + 367 * 86_400_000).toISOString() }, 'body.sendAt', 'must be within a year'],
  [{ payload: {} }, 'body.payload.orderId', 'Invalid input'],
  [{ subject: 'a\r\nBcc: b' }, 'body.subject', 'control characters'],
  [{ priority: 'WHENEVER' }, 'body.priority', 'Invalid option'],
])('%j is refused', async (wrong, path, message) => {
  const user = await service.user()
  const headers = await service.authority.service('auth-service', 'notification-service')
  const payload = { ...requestFor(user), ...wrong }
  const answer = await service.app.inject({
    method: 'POST',
    url: '/api/notifications/internal/send',
    headers,
    payload,
  })
  expect(answer.statusCode).toBe(400)
  expect(answer.json().details).toContainEqual({ path, message: expect.stringContaining(message) })
  expect(await service.rows(user.userId)).toEqual([])
})

test('an urgent request does not wait for the end of quiet hours', async () => {
  const user = await service.user()
  const now = new Date()
  const time = (hours: number) => `${String((now.getUTCHours() + hours + 24) % 24).padStart(2, '0')}:30`
  const quietHours = { start: time(-2), end: time(2), timeZone: 'UTC' }
  await service.client(user.headers).updatePreferences({ body: { preferences: [], quietHours } })
  const client = await service.as('auth-service')
  await client.sendNotification({ body: requestFor(user, { priority: 'HIGH' }) })
  await client.sendNotification({ body: requestFor(user, { priority: 'URGENT' }) })
  await until(async () => {
    const rows = await service.rows(user.userId)
    expect(rows.map(({ status }) => status)).toEqual(['PENDING', 'SENT'])
  })
})

test('other callers are refused', async () => {
  const user = await service.user()
  const url = '/api/notifications/internal/send'
  const asUser = await service.app.inject({
    method: 'POST',
    url,
    headers: user.headers,
    payload: requestFor(user),
  })
  expect(asUser.statusCode).toBe(401)
  const headers = await service.authority.service('boxoffice-cli', 'notification-service')
  const asCli = await service.app.inject({ method: 'POST', url, headers, payload: requestFor(user) })
  expect(asCli.statusCode).toBe(403)
})
