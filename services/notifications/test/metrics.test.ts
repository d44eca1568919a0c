import { randomUUID } from 'node:crypto'
import { paymentFailed } from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { failedFor, startService, type TestService } from './start-service.ts'

let service: TestService
beforeAll(async () => {
  service = await startService({ MAIL_ATTEMPTS_MAX: '2' })
})
afterAll(() => service.stop())

async function figure(name: string): Promise<number> {
  const text = await service.deps.metrics.registry.metrics()
  return Number(new RegExp(`^${name.replaceAll(/[{}]/g, '\\$&')} (\\S+)$`, 'm').exec(text)?.[1] ?? 0)
}
const own = 'service="notification-service"'
const waiting = (changes: { createdAt: Date; nextAttemptAt: Date }) =>
  service.deps.db.prisma.notification.create({
    data: {
      id: randomUUID(),
      messageId: randomUUID(),
      type: 'PAYMENT_FAILED',
      recipientId: randomUUID(),
      payload: {},
      subject: 'x',
      correlationId: 'x',
      ...changes,
    },
  })
const ago = (seconds: number) => new Date(Date.now() - seconds * 1_000)

test('what is due counts since it is, and what quiet hours hold up does not', async () => {
  expect(await figure(`notifications_oldest_pending_seconds{${own}}`)).toBe(0)
  await waiting({ createdAt: ago(3_600), nextAttemptAt: ago(-3_600) })
  expect(await figure(`notifications_pending{${own}}`)).toBe(0)
  await waiting({ createdAt: ago(7_200), nextAttemptAt: ago(100) }) // the night is over
  expect(await figure(`notifications_pending{${own}}`)).toBe(1)
  const oldest = await figure(`notifications_oldest_pending_seconds{${own}}`)
  expect(oldest).toBeGreaterThanOrEqual(100)
  expect(oldest).toBeLessThan(3_600)
  await service.deps.db.prisma.notification.deleteMany()
})

test('attempts are counted by what came of them', async () => {
  service.ses.set('down')
  service.work()
  const user = await service.user()
  await service.publish(paymentFailed, failedFor(user, service))
  await until(async () => expect(await service.rows(user.userId)).toMatchObject([{ status: 'FAILED' }]))
  await until(async () => {
    expect(await figure(`notifications_total{channel="EMAIL",outcome="retried",${own}}`)).toBe(1)
    expect(await figure(`notifications_total{channel="EMAIL",outcome="failed",${own}}`)).toBe(1)
  })
  expect(await figure(`notifications_total{channel="EMAIL",outcome="sent",${own}}`)).toBe(0)
})
