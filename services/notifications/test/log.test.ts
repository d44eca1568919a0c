import { randomUUID } from 'node:crypto'
import { type NotificationId, notificationsRoutes, paymentFailed } from '@boxoffice/contracts'
import { createClient } from '@boxoffice/service-kit'
import { listenLocally } from '@boxoffice/service-kit/testing'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { glimpseLogs } from '../src/notifications/log-repository.ts'
import type { LogChange } from '../src/notifications/log-watch.ts'
import { failedFor, startService, type TestService } from './start-service.ts'

let service: TestService
beforeAll(async () => {
  service = await startService()
  service.work()
})
afterAll(() => service.stop())

type User = Awaited<ReturnType<TestService['user']>>
const send = async (user: User) => {
  const before = (await service.rows(user.userId)).length
  await service.publish(paymentFailed, failedFor(user, service))
  await until(async () => {
    const rows = await service.rows(user.userId)
    expect(rows.map(({ status }) => status)).toEqual(Array(before + 1).fill('SENT'))
  })
}

test('a notification is read once, by whom it was sent to', async () => {
  const [user, stranger] = [await service.user(), await service.user()]
  await send(user)
  await send(user)
  const client = service.client(user.headers)
  const list = (await client.listNotifications({ query: {} })).body
  expect(list.unreadCount).toBe(2)
  const [newest, oldest] = list.notifications
  if (!newest || !oldest) throw new Error('nothing is in the log')
  expect(newest).not.toHaveProperty('readAt')

  const params = { notificationId: newest.notificationId }
  const read = await client.readNotification({ params })
  expect(read).toMatchObject({
    status: 200,
    body: { notificationId: newest.notificationId, readAt: expect.any(Date) },
  })
  expect(await client.readNotification({ params })).toEqual(read)
  const unread = (await client.listNotifications({ query: { unread: 'true' } })).body
  expect(unread).toMatchObject({ notifications: [{ notificationId: oldest.notificationId }], unreadCount: 1 })
  expect((await client.listNotifications({ query: { unread: 'false' } })).body.notifications).toHaveLength(2)

  expect(await service.client(stranger.headers).readNotification({ params })).toMatchObject({ status: 404 })
  const unknown = { notificationId: randomUUID() as NotificationId }
  expect(await client.readNotification({ params: unknown })).toMatchObject({
    status: 404,
    body: { error: 'NOTIFICATION_NOT_FOUND' },
  })
  expect((await service.client(stranger.headers).listNotifications({ query: {} })).body.unreadCount).toBe(0)
})

test('what has not gone out yet cannot be read, and is unread when it has', async () => {
  const user = await service.user()
  service.ses.set('down')
  await service.publish(paymentFailed, failedFor(user, service))
  await until(async () => expect(await service.rows(user.userId)).toMatchObject([{ status: 'SENDING' }]))
  const client = service.client(user.headers)
  const [row] = await service.rows(user.userId)
  const params = { notificationId: row?.id as NotificationId }
  const answer = await client.readNotification({ params })
  expect(answer).toMatchObject({ status: 200, body: { status: 'SENDING' } })
  expect(answer.body).not.toHaveProperty('readAt')
  service.ses.set('ok')
  await until(async () =>
    expect(await service.rows(user.userId)).toMatchObject([{ status: 'SENT', readAt: null }]),
  )
  expect((await client.listNotifications({ query: {} })).body.unreadCount).toBe(1)
  expect(await client.readNotification({ params })).toMatchObject({
    status: 200,
    body: { readAt: expect.any(Date) },
  })
})

test('a stream shows the unread count, each notification as sent, and reads elsewhere', async () => {
  const [user, other] = [await service.user(), await service.user()]
  await send(user)
  const baseUrl = await listenLocally(service.app)
  const client = createClient(notificationsRoutes, { baseUrl, headers: () => user.headers })
  const leaving = new AbortController()
  const watched = await client.watchNotifications({ signal: leaving.signal })
  if (watched.status !== 200) throw new Error('no stream')
  const stream = watched.body
  const changes: LogChange[] = []
  const watching = (async () => {
    for await (const change of stream) changes.push(change)
  })().catch((error: Error) => error.name)
  const seen = (count: number) => until(() => expect(changes).toHaveLength(count))

  await seen(1)
  expect(changes[0]).toEqual({ unreadCount: 1 })
  await send(other)
  await send(user)
  await seen(2)
  const { notifications } = (await client.listNotifications({ query: {} })).body
  expect(changes[1]).toEqual({ unreadCount: 2, notification: notifications[0] })
  await client.readNotification({
    params: { notificationId: notifications[1]?.notificationId as NotificationId },
  })
  await seen(3)
  expect(changes[2]).toEqual({ unreadCount: 1 })
  leaving.abort()
  expect(await watching).toBe('AbortError')
})

test('what a look at a log counts as unread is what it shows as sent, also while mails go out', async () => {
  const user = await service.user()
  let sending = true
  const sent = (async () => {
    for (let mail = 0; mail < 10; mail++) await send(user)
    sending = false
  })()
  while (sending) {
    const log = (await glimpseLogs(service.deps.db, [user.userId], new Date(0))).get(user.userId)
    expect(log?.unreadCount).toBe(log?.sent.length)
  }
  await sent
})
