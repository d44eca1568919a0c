import {
  messages,
  paymentFailed,
  queues,
  type Subscription,
  ticketsGenerated,
  userCreated,
} from '@boxoffice/contracts'
import { isTransient, violatedUnique } from '@boxoffice/service-kit'
import { buildWithoutRedis } from '@boxoffice/service-kit/testing-resilience'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildApp } from '../src/app.ts'
import { callees } from '../src/config.ts'
import { createDependencies } from '../src/dependencies.ts'
import { notificationSubscribers } from '../src/subscriptions.ts'
import { createdFor, failedFor, generatedFor, startService, type TestService } from './start-service.ts'

let service: TestService
beforeAll(async () => {
  service = await startService()
  service.work()
})
afterAll(() => service.stop())

test('every message that the queue takes has a subscriber, and there is no other', () => {
  const subscriptions: readonly Subscription[] = queues['notification-queue'].subscriptions
  const taken = subscriptions.flatMap(({ eventTypes }) => eventTypes ?? [])
  const subscribers = notificationSubscribers(service.deps).map(({ definition }) => definition.eventType)
  expect(subscribers.sort()).toEqual([...taken].sort())
  for (const eventType of taken) expect(messages.has(eventType)).toBe(true)
})

test('the log is one’s own, the newest first, in pages', async () => {
  const user = await service.user({ locale: 'en' })
  const other = await service.user()
  const confirmation = generatedFor(user, service)
  const sent = async (count: number) =>
    until(async () => {
      const rows = await service.rows(user.userId)
      expect(rows.map(({ status }) => status)).toEqual(Array(count).fill('SENT'))
    })
  await service.publish(userCreated, createdFor(user, await service.seal('tok')))
  await sent(1)
  await service.publish(ticketsGenerated, confirmation)
  await sent(2)
  await service.publish(paymentFailed, failedFor(user, service))
  await sent(3)
  await service.publish(paymentFailed, failedFor(other, service))

  const client = service.client(user.headers)
  const first = await client.listNotifications({ query: { limit: 2 } })
  if (first.status !== 200) throw new Error('refused')
  expect(first.body.notifications).toMatchObject([
    {
      type: 'PAYMENT_FAILED',
      channel: 'EMAIL',
      status: 'SENT',
      subject: 'Your payment for Święto Świateł did not go through',
    },
    {
      type: 'ORDER_CONFIRMATION',
      subject: 'Your tickets for Święto Świateł',
      orderId: confirmation.orderId,
      eventId: confirmation.eventId,
      sentAt: expect.any(Date),
    },
  ])
  expect(JSON.stringify(first.body)).not.toContain('payload')
  const rest = await client.listNotifications({ query: { limit: 2, cursor: first.body.nextCursor ?? '' } })
  expect(rest).toMatchObject({
    status: 200,
    body: { notifications: [{ type: 'USER_WELCOME', status: 'SENT' }], nextCursor: null, unreadCount: 3 },
  })

  await expect(client.listNotifications({ query: { cursor: 'nonsense' } })).rejects.toMatchObject({
    status: 400,
  })
  await expect(service.client({}).listNotifications({ query: {} })).rejects.toMatchObject({ status: 401 })
})

test('the database keeps to the graph of states and to one row a message', async () => {
  const user = await service.user()
  await service.publish(paymentFailed, failedFor(user, service))
  await until(async () => expect(await service.rows(user.userId)).toMatchObject([{ status: 'SENT' }]))
  const [row] = await service.rows(user.userId)
  const { pool } = service.deps
  const set = (assignment: string) =>
    pool.query(`update notifications set ${assignment} where id = $1`, [row?.id])
  await expect(set(`status = 'PENDING'`)).rejects.toMatchObject({ constraint: 'notifications_status_graph' })
  await expect(set(`status = 'FAILED', failure_reason = 'x'`)).rejects.toMatchObject({
    constraint: 'notifications_status_graph',
  })
  await expect(set('provider_message_id = null')).rejects.toMatchObject({
    constraint: 'notifications_sent_is_proven',
  })
  const again = pool.query(
    `insert into notifications (id, message_id, type, recipient_id, payload, subject,
       correlation_id, created_at)
     select gen_random_uuid(), message_id, type, recipient_id, '{}', '', '', now() from notifications
     where id = $1`,
    [row?.id],
  )
  const error = await again.catch((reason: unknown) => reason)
  expect(violatedUnique(error)).toBe('notifications_once')
  expect(isTransient(error)).toBe(false)
})

test('health shows the providers, and OpenAPI the log', async () => {
  const health = await service.app.inject('/actuator/health')
  expect(health.json()).toMatchObject({
    status: 'UP',
    components: { database: 'UP', messaging: 'UP', mail: 'UP', sms: 'UP' },
  })
  const openApi = await service.app.inject('/api/notifications/openapi.json')
  expect(openApi.json()).toMatchObject({ openapi: '3.1.0', paths: { '/api/notifications': { get: {} } } })
})

test('health names Redis and every callee with its breaker; DEGRADED without Redis', async () => {
  const { health, unread } = await buildWithoutRedis({
    config: service.deps.config,
    callees,
    create: createDependencies,
    build: buildApp,
  })
  const guarded = Object.fromEntries(Object.keys(callees).map((callee) => [callee, 'UP']))
  const components = { ...guarded, redis: 'DOWN', database: 'UP', messaging: 'UP' }
  expect(health).toEqual({ code: 200, status: 'DEGRADED', components })
  expect(unread).toEqual([])
})
