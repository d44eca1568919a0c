import { randomUUID } from 'node:crypto'
import { type Minor, passwordResetRequested, type RefundId, refundProcessed } from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createdFor, failedFor, startService, type TestService } from './start-service.ts'

const PER_DAY = 3

let service: TestService
beforeAll(async () => {
  service = await startService({ MAIL_UNPROVEN_PER_DAY: String(PER_DAY), MAIL_CONCURRENCY: '1' })
  service.work()
  service.world.order = { status: 'REFUNDED', refundedAmount: 10_050 as Minor }
})
afterAll(() => service.stop())

type User = Awaited<ReturnType<TestService['user']>>
/** As many mails about orders as a stranger's account can cause. */
async function refund(user: User, count: number): Promise<void> {
  for (let round = 0; round < count; round++) {
    const { orderId, orderNumber, userId, eventId } = failedFor(user, service)
    const order = { orderId: randomUUID() as typeof orderId, orderNumber, userId, eventId }
    const money = {
      refundId: randomUUID() as RefundId,
      refundAmount: 10_050 as Minor,
      currency: 'EUR' as const,
    }
    await service.publish(refundProcessed, { ...order, ...money, reason: 'a cold' })
  }
}
const statuses = async (user: User) =>
  Object.groupBy(await service.rows(user.userId), ({ status, failureReason }) =>
    `${status} ${failureReason ?? ''}`.trim(),
  )
const become = (user: User, expected: Record<string, number>) =>
  until(async () => {
    const counts = Object.entries(await statuses(user)).map(([status, rows = []]) => [status, rows.length])
    expect(Object.fromEntries(counts)).toEqual(expected)
  })

const reset = async (user: User) => {
  const { createdAt: _, ...requested } = await createdFor(user, await service.seal('tok'))
  await service.publish(passwordResetRequested, requested)
}

test('links for the account do not use up what an order may send: a stranger can ask for them', async () => {
  const buyer = await service.user({ emailVerified: false, locale: 'en' })
  for (let round = 0; round < PER_DAY + 1; round++) await reset(buyer)
  await become(buyer, { SENT: PER_DAY + 1 })
  await refund(buyer, 1)
  await become(buyer, { SENT: PER_DAY + 2 })
})

test('text messages are limited per day, and not sent for unconfirmed accounts', async () => {
  const phone = '+48222111000'
  const texted = async (emailVerified: boolean, number: string) => {
    const user = await service.user({ emailVerified, locale: 'en', phone: number as never })
    const preferences = [{ type: 'REFUND_PROCESSED', channel: 'SMS', enabled: true }] as const
    await service.client(user.headers).updatePreferences({ body: { preferences: [...preferences] } })
    await refund(user, PER_DAY + 2)
    return user
  }
  const buyer = await texted(true, phone)
  await become(buyer, { SENT: 2 * PER_DAY + 2, 'FAILED TOO_MANY_TO_UNPROVEN': 2 })
  expect(service.sms.texts(phone)).toHaveLength(PER_DAY)
  const stranger = await texted(false, '+48222111001')
  await become(stranger, { SENT: PER_DAY, 'FAILED TOO_MANY_TO_UNPROVEN': 2 })
  expect(service.sms.texts('+48222111001')).toEqual([])
})

test('order mails to an unconfirmed address are limited per day, others are not', async () => {
  const stranger = await service.user({ emailVerified: false, locale: 'en' })
  const buyer = await service.user({ locale: 'en' })
  await refund(stranger, PER_DAY + 2)
  await refund(buyer, PER_DAY + 2)
  await become(buyer, { SENT: PER_DAY + 2 })
  await become(stranger, { SENT: PER_DAY, 'FAILED TOO_MANY_TO_UNPROVEN': 2 })
  expect(service.ses.mails(stranger.email)).toHaveLength(PER_DAY)

  await reset(stranger)
  await become(stranger, { SENT: PER_DAY + 1, 'FAILED TOO_MANY_TO_UNPROVEN': 2 })
  const answer = await service.client(stranger.headers).listNotifications({ query: { limit: 10 } })
  expect(JSON.stringify(answer.body)).toContain('confirm it, and ask for the tickets again.')

  service.world.users.set(stranger.userId, { ...stranger, emailVerified: true })
  await refund(stranger, 1)
  await become(stranger, { SENT: PER_DAY + 2, 'FAILED TOO_MANY_TO_UNPROVEN': 2 })
})
