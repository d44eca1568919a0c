import { randomUUID } from 'node:crypto'
import { type NotificationId, type NotificationRequest, paymentFailed } from '@boxoffice/contracts'
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

const HOUR_MS = 3_600_000
const inHours = (hours: number) => new Date(Date.now() + hours * HOUR_MS)

type User = Awaited<ReturnType<TestService['user']>>
async function schedule(user: User, about: Partial<NotificationRequest>) {
  const client = await service.as('payment-service')
  const request: NotificationRequest = {
    userId: user.userId,
    type: 'PAYMENT_FAILED',
    channel: 'EMAIL',
    recipient: user.email,
    template: 'PAYMENT_FAILED',
    payload: z.encode(paymentFailed.payload, failedFor(user, service)),
    priority: 'MEDIUM',
    ...about,
  }
  const answer = await client.sendNotification({ body: request })
  if (answer.status !== 202) throw new Error(`the request was answered ${answer.status}`)
  const params = { notificationId: answer.body.notificationId }
  return { params, client, again: () => client.sendNotification({ body: request }) }
}
/** Its moment comes. */
const come = (notificationId: string) =>
  service.deps.pool.query(
    `update notifications set next_attempt_at = now() - interval '1 second',
       created_at = now() - interval '1 second' where id = $1`,
    [notificationId],
  )
const statusOf = async (user: User) => (await service.rows(user.userId)).map(({ status }) => status)
/** Whatever is due by then goes before it. */
async function sendAnother() {
  const other = await service.user()
  await service.publish(paymentFailed, failedFor(other, service))
  await until(async () => expect(await statusOf(other)).toEqual(['SENT']))
}

test('a scheduled request waits, outside its recipient’s log, and is sent in time', async () => {
  const user = await service.user()
  const sendAt = inHours(24 * 300)
  const { params, client } = await schedule(user, { sendAt })
  await sendAnother()
  expect(await client.getRequestedNotification({ params })).toMatchObject({
    status: 200,
    body: { status: 'PENDING', attempts: 0, createdAt: sendAt, nextAttemptAt: sendAt },
  })
  const log = () => service.client(user.headers).listNotifications({ query: {} })
  expect((await log()).body.notifications).toEqual([])
  expect(await service.client(user.headers).readNotification({ params })).toMatchObject({ status: 404 })
  await come(params.notificationId)
  await until(async () =>
    expect((await log()).body.notifications).toMatchObject([{ ...params, status: 'SENT' }]),
  )
})

test('what is over is now', async () => {
  const user = await service.user()
  await schedule(user, { sendAt: new Date('2020-01-01T00:00:00Z') })
  await until(async () => expect(await statusOf(user)).toEqual(['SENT']))
})

test('quiet hours are those of its moment, and hold then, unless it is urgent', async () => {
  const user = await service.user()
  const sendAt = inHours(48)
  const time = (hours: number) => `${String((sendAt.getUTCHours() + hours + 24) % 24).padStart(2, '0')}:30`
  const quietHours = { start: time(-2), end: time(2), timeZone: 'UTC' }
  await service.client(user.headers).updatePreferences({ body: { preferences: [], quietHours } })
  const { params, client } = await schedule(user, { sendAt })
  const { body } = await client.getRequestedNotification({ params })
  const waitsUntil = ('nextAttemptAt' in body && body.nextAttemptAt) || new Date(0)
  expect(waitsUntil.toISOString().slice(11, 16)).toBe(quietHours.end)
  expect(waitsUntil.getTime() - sendAt.getTime()).toBeGreaterThan(0)
  expect(waitsUntil.getTime() - sendAt.getTime()).toBeLessThan(3 * HOUR_MS)
  const urgent = await schedule(user, { sendAt, priority: 'URGENT' })
  expect(await client.getRequestedNotification({ params: urgent.params })).toMatchObject({
    body: { nextAttemptAt: sendAt },
  })
})

test('its requester can cancel it, repeatedly, and a repeated request does not restore it', async () => {
  const user = await service.user()
  const { params, client, again } = await schedule(user, { sendAt: inHours(1), requestId: randomUUID() })
  const stranger = await service.as('ticket-service')
  expect(await stranger.cancelRequestedNotification({ params })).toMatchObject({ status: 404 })
  expect(await client.cancelRequestedNotification({ params })).toMatchObject({ status: 204 })
  expect(await client.cancelRequestedNotification({ params })).toMatchObject({ status: 204 })
  expect(await again()).toMatchObject({ status: 202, body: params })
  await come(params.notificationId)
  await sendAnother()
  expect(await service.rows(user.userId)).toMatchObject([{ status: 'CANCELLED', address: null, attempts: 0 }])
  expect(service.ses.mails(user.email)).toEqual([])
  expect(await client.getRequestedNotification({ params })).toMatchObject({
    body: { status: 'CANCELLED', failure: { reason: 'CANCELLED_BY_ASKER' } },
  })
  const log = await service.client(user.headers).listNotifications({ query: {} })
  expect(log.body.notifications).toEqual([])
})

test('what was sent, or is being sent, is cancelled no more', async () => {
  const user = await service.user()
  const { params, client } = await schedule(user, {})
  await until(async () => expect(await statusOf(user)).toEqual(['SENT']))
  expect(await client.cancelRequestedNotification({ params })).toMatchObject({
    status: 409,
    body: { error: 'NOTIFICATION_NOT_PENDING', message: 'it is SENT: it can no longer be cancelled' },
  })
  const unknown = { notificationId: randomUUID() as NotificationId }
  expect(await client.cancelRequestedNotification({ params: unknown })).toMatchObject({ status: 404 })
})

test('what its recipient did not want any more is answered as that', async () => {
  const user = await service.user()
  const { params, client } = await schedule(user, { sendAt: inHours(1) })
  const preferences = [{ type: 'PAYMENT_FAILED', channel: 'EMAIL', enabled: false } as const]
  await service.client(user.headers).updatePreferences({ body: { preferences } })
  await come(params.notificationId)
  await until(async () => expect(await statusOf(user)).toEqual(['CANCELLED']))
  expect(await client.cancelRequestedNotification({ params })).toMatchObject({
    status: 409,
    body: { error: 'NOTIFICATION_NOT_PENDING', message: 'it is CANCELLED: it can no longer be cancelled' },
  })
})

test('what is scheduled is not overdue, from its moment on it is', async () => {
  const idle = await startService()
  try {
    const of = async (name: string) => {
      const text = await idle.deps.metrics.registry.metrics()
      return Number(new RegExp(`^${name}{service="notification-service"} (\\S+)$`, 'm').exec(text)?.[1])
    }
    const user = await idle.user()
    const client = await idle.as('payment-service')
    const payload = z.encode(paymentFailed.payload, failedFor(user, idle))
    const { userId, email: recipient } = user
    const about = {
      type: 'PAYMENT_FAILED',
      template: 'PAYMENT_FAILED',
      channel: 'EMAIL',
      priority: 'URGENT',
    } as const
    await client.sendNotification({ body: { ...about, userId, recipient, payload, sendAt: inHours(2) } })
    expect(await of('notifications_pending')).toBe(0)
    await idle.deps.pool.query(`update notifications
      set next_attempt_at = next_attempt_at - interval '125 minutes',
      created_at = created_at - interval '125 minutes'`)
    expect(await of('notifications_pending')).toBe(1)
    const oldest = await of('notifications_oldest_pending_seconds')
    expect(oldest).toBeGreaterThanOrEqual(300)
    expect(oldest).toBeLessThan(3_600)
  } finally {
    await idle.stop()
  }
})
