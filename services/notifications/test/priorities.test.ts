import { randomUUID } from 'node:crypto'
import { type NotificationRequest, type Priority, paymentFailed } from '@boxoffice/contracts'
import type { Sql } from '@boxoffice/service-kit'
import { patientPolicies } from '@boxoffice/service-kit/testing'
import { until } from '@boxoffice/testing'
import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { callees } from '../src/config.ts'
import { type Capacity, leaseDue } from '../src/notifications/lease-repository.ts'
import { priorityOf } from '../src/notifications/priority.ts'
import { failedFor, startService, type TestService } from './start-service.ts'

const running: TestService[] = []
const start = async (overrides: Record<string, string>) => {
  const service = await startService(overrides)
  running.push(service)
  return service
}
afterEach(async () => {
  await Promise.all(running.splice(0).map((service) => service.stop()))
})

/** Requests of these priorities, the first the oldest, to addresses that say which they are. */
async function ask(service: TestService, priorities: readonly Priority[]): Promise<string[]> {
  const user = await service.user()
  const requests = priorities.map((priority, index): NotificationRequest => {
    const recipient = `${priority.toLowerCase()}-${index}@customers.example`
    const payload = z.encode(paymentFailed.payload, failedFor(user, service))
    const type = 'PAYMENT_FAILED'
    return {
      userId: user.userId,
      type,
      template: type,
      channel: 'EMAIL',
      recipient,
      payload,
      priority,
      requestId: randomUUID(),
    }
  })
  await (await service.as('payment-service')).sendNotifications({ body: { requests } })
  // Written at once, they are due at once: each a second after the one before it.
  await service.deps.pool.query(
    `update notifications set next_attempt_at = now() - interval '1 hour' +
       substring(address from '-([0-9]+)@')::int * interval '1 second'
     where recipient_id = $1`,
    [user.userId],
  )
  return requests.map(({ recipient }) => recipient)
}
const order = (service: TestService) =>
  service.ses.mails().map(({ destination }) => destination?.split('@')[0])

test('when more is due than places are free, the urgent go first, oldest first', async () => {
  const service = await start({ MAIL_CONCURRENCY: '1' })
  await ask(service, ['LOW', 'MEDIUM', 'HIGH', 'URGENT', 'LOW', 'MEDIUM', 'HIGH', 'URGENT'])
  service.work()
  await until(() => expect(order(service)).toHaveLength(8))
  expect(order(service)).toEqual([
    'urgent-3',
    'urgent-7',
    'high-2',
    'high-6',
    'medium-1',
    'medium-5',
    'low-0',
    'low-4',
  ])
})

test('one of ten notifications is the longest due, so that none starves', async () => {
  const service = await start({ MAIL_CONCURRENCY: '1' })
  await ask(service, ['LOW', 'MEDIUM', ...Array.from({ length: 24 }, () => 'URGENT' as const)])
  service.work()
  await until(() => expect(order(service)).toHaveLength(26))
  expect(order(service).indexOf('low-0')).toBe(9)
  expect(order(service).indexOf('medium-1')).toBe(19)
})

test('notifications of messages have priorities: links before tickets before updates', async () => {
  expect(
    ['PASSWORD_RESET', 'ORDER_CONFIRMATION', 'EVENT_UPDATED', 'ORDER_STATUS_CHANGED'].map((type) =>
      priorityOf(type as never),
    ),
  ).toEqual(['URGENT', 'HIGH', 'MEDIUM', 'LOW'])
  const service = await start({})
  const user = await service.user()
  service.work()
  await service.publish(paymentFailed, failedFor(user, service))
  await until(async () =>
    expect(await service.rows(user.userId)).toMatchObject([
      { priority: 'HIGH', urgent: false, status: 'SENT' },
    ]),
  )
})

test('under a rate no more are leased than may go: none is refused, urgent ones go first', async () => {
  const RATE = 5
  const service = await start({
    MAIL_CONCURRENCY: '1',
    RESILIENCE: patientPolicies(callees, { mail: { ratePerSecond: RATE } }),
  })
  await ask(service, [
    ...Array.from({ length: 6 }, () => 'LOW' as const),
    ...Array.from({ length: 9 }, () => 'URGENT' as const),
  ])
  service.work()
  await until(() => expect(order(service)).toHaveLength(15))
  // The tenth place is age's, and there a low one is the oldest: the urgent are all out by then.
  expect(order(service).map((name) => name?.split('-')[0])).toEqual([
    ...Array.from({ length: 9 }, () => 'urgent'),
    ...Array.from({ length: 6 }, () => 'low'),
  ])
  await until(async () => {
    const rows = await service.deps.db.prisma.notification.findMany({ orderBy: { sentAt: 'asc' } })
    expect(rows.map(({ status, attempts }) => `${status} ${attempts}`)).toEqual(
      Array.from({ length: 15 }, () => 'SENT 1'),
    )
    // As many at once as a second lets, then no faster than that.
    const tookMs = (rows.at(-1)?.sentAt?.getTime() ?? 0) - (rows[0]?.sentAt?.getTime() ?? 0)
    expect(tookMs).toBeGreaterThan(((15 - RATE) / RATE) * 1_000 - 300)
  })
})

test('a rate holds up its own channel alone', async () => {
  const service = await start({ RESILIENCE: patientPolicies(callees, { mail: { ratePerSecond: 0.001 } }) })
  await ask(service, ['URGENT', 'URGENT', 'URGENT'])
  const user = await service.user()
  const preferences = [{ type: 'EVENT_CANCELLED', channel: 'SMS', enabled: true } as const]
  await service.client(user.headers).updatePreferences({ body: { preferences } })
  const recipient = '+48555000222'
  const payload = { eventId: service.world.event.eventId, cancellationReason: 'rain' }
  const text = {
    type: 'EVENT_CANCELLED',
    template: 'EVENT_CANCELLED',
    channel: 'SMS',
    recipient,
    payload,
    priority: 'LOW',
  } as const
  await (await service.as('payment-service')).sendNotification({ body: { ...text, userId: user.userId } })
  service.work()
  await until(() => expect(service.sms.texts(recipient)).toHaveLength(1))
  await until(() => expect(service.ses.mails()).toHaveLength(1))
  const waiting = await service.deps.db.prisma.notification.groupBy({
    by: 'status',
    where: { channel: 'EMAIL' },
    _count: true,
  })
  expect(waiting.find(({ status }) => status === 'PENDING')?._count).toBe(2)
})

test('a slow channel takes no places from others: their urgent mails go before its waiting', async () => {
  const service = await start({
    MAIL_CONCURRENCY: '3',
    RESILIENCE: patientPolicies(callees, { sms: { ratePerSecond: 1 } }),
  })
  await ask(service, [...Array.from({ length: 60 }, () => 'LOW' as const), 'URGENT'])
  const user = await service.user()
  const preferences = [{ type: 'EVENT_CANCELLED', channel: 'SMS', enabled: true } as const]
  await service.client(user.headers).updatePreferences({ body: { preferences } })
  const payload = { eventId: service.world.event.eventId, cancellationReason: 'rain' }
  const about = {
    type: 'EVENT_CANCELLED',
    template: 'EVENT_CANCELLED',
    channel: 'SMS',
    payload,
    userId: user.userId,
  } as const
  const client = await service.as('payment-service')
  const texts = ['+48555000331', '+48555000332', '+48555000333']
  for (const recipient of texts)
    await client.sendNotification({ body: { ...about, recipient, priority: 'URGENT' } })
  service.work()
  await until(() => expect(order(service)).toHaveLength(61))
  expect(order(service).indexOf('urgent-60')).toBeLessThan(5)
  await until(() => expect(texts.flatMap((recipient) => service.sms.texts(recipient))).toHaveLength(3))
  const sent = await service.deps.db.prisma.notification.findMany({
    where: { status: 'SENT' },
    orderBy: { sentAt: 'asc' },
  })
  expect(sent.findIndex(({ channel }) => channel === 'SMS')).toBeLessThan(5)
  expect(sent.every(({ attempts }) => attempts === 1)).toBe(true)
})

test('leasing reads what is due alone, by an index, however much is scheduled', async () => {
  const service = await start({})
  const { pool } = service.deps
  await pool.query(`
    insert into notifications (id, message_id, type, recipient_id, payload, subject, correlation_id,
      created_at, next_attempt_at, priority)
    select gen_random_uuid(), gen_random_uuid(), 'PAYMENT_FAILED', gen_random_uuid(), '{}', 's', 'c', now(),
      now() + interval '30 days', (array['LOW', 'MEDIUM', 'HIGH', 'URGENT'])[1 + n % 4]::notification_priority
    from generate_series(1, 20000) n`)
  await pool.query(`update notifications set next_attempt_at = now() - interval '1 minute'
    where id in (select id from notifications limit 5)`)
  await pool.query('vacuum analyze notifications')
  const plans = async (order: 'PRIORITY' | 'AGE', capacity: Capacity | null) => {
    const found: string[] = []
    const explained: Sql = {
      query: async (sql, values) => {
        const { rows } = await pool.query(`explain ${sql}`, values as unknown[])
        found.push(rows.map((row) => row['QUERY PLAN']).join('\n'))
        return []
      },
    }
    await leaseDue(explained, {
      lease: randomUUID(),
      bulk: false,
      capacity,
      order,
      limit: 20,
      leaseMs: 1_000,
    })
    return found.join('\n')
  }
  const byAge = await plans('AGE', null)
  expect(byAge).toMatch(/notifications_due_in_lane_idx.*\n.*Index Cond: .*bulk = false.*next_attempt_at <= /)
  for (const capacity of [
    null,
    new Map([['SMS', 3]] as const),
    new Map([
      ['SMS', 3],
      ['PUSH', 20],
    ] as const),
  ]) {
    const byPriority = await plans('PRIORITY', capacity)
    expect(byPriority.match(/notifications_due_by_priority_idx/g)).toHaveLength(4)
    expect(byPriority.match(/Index Cond: .*priority = .*next_attempt_at <= /g)).toHaveLength(4)
    if (capacity) expect(byPriority.match(/Index Cond: .*channel = ANY/g)).toHaveLength(4)
    expect(byPriority).not.toMatch(/Sort Key: notifications/)
  }
  for (const plan of [byAge, await plans('PRIORITY', null)]) expect(plan).not.toMatch(/Seq Scan|Sort/)
})
