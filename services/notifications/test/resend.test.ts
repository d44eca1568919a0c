import { randomUUID } from 'node:crypto'
import {
  type OrderId,
  type Payload,
  ticketDeliveryFailed,
  ticketsDelivered,
  ticketsGenerated,
} from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pdfOf } from './peers.ts'
import { bounceOf } from './ses-events.ts'
import { generatedFor, startService, type TestService, ticketOf } from './start-service.ts'

let service: TestService
beforeAll(async () => {
  service = await startService()
  service.work()
})
afterAll(() => service.stop())

type User = Awaited<ReturnType<TestService['user']>>
const mailsTo = (user: User) => service.ses.mails(user.email).map(({ mail }) => mail)
const sent = (user: User, count: number) => until(() => expect(mailsTo(user)).toHaveLength(count))
const resend = (user: User, { orderId }: { orderId: OrderId }, headers: Record<string, string> = {}) =>
  service.client({ ...user.headers, ...headers }).resendOrder({ params: { orderId } })

/** A buyer whose order of so many tickets is confirmed and mailed. */
async function buyer(count = 2) {
  const user = await service.user()
  const generated = generatedFor(user, service, count)
  service.world.order = { userId: user.userId, status: 'CONFIRMED' }
  service.world.tickets = generated.tickets.map((_, index) => ticketOf(generated, index))
  await service.publish(ticketsGenerated, generated)
  await sent(user, 1)
  return { user, generated }
}
const transferAway = ({ tickets }: Payload<typeof ticketsGenerated>, index: number) => {
  const ticketId = tickets[index]?.ticketId
  service.world.invalid.add(String(ticketId))
  service.world.tickets = service.world.tickets.map((one) =>
    one.ticketId === ticketId ? { ...one, status: 'TRANSFERRED' } : one,
  )
}

test('a confirmation comes again, with the tickets that are still its buyer’s', async () => {
  const { user, generated } = await buyer(2)
  transferAway(generated, 0)
  const answer = await resend(user, generated)
  expect(answer).toMatchObject({ status: 202, body: { notificationId: expect.any(String) } })
  await sent(user, 2)
  const mail = mailsTo(user)[1]
  const pdfs = mail?.attachments
    .filter(({ contentType }) => contentType === 'application/pdf')
    .map(({ content }) => content)
  expect(pdfs).toEqual([pdfOf(generated.tickets[1]?.ticketId ?? '')])
  expect(mail?.text).not.toContain('TKT-2026-000001')
  const log = (await service.client(user.headers).listNotifications({ query: {} })).body.notifications
  expect(log).toMatchObject([
    { notificationId: answer.status === 202 && answer.body.notificationId, type: 'ORDER_CONFIRMATION' },
    { type: 'ORDER_CONFIRMATION' },
  ])
})

test('a resent mail that bounces has not delivered the tickets', async () => {
  const { user, generated } = await buyer(1)
  const answer = await resend(user, generated)
  const notificationId = answer.status === 202 && answer.body.notificationId
  const ofResend = (message: { payload: { notificationId: string } }) =>
    message.payload.notificationId === notificationId
  const delivered = await service.probe.waitFor(ticketsDelivered, ofResend)
  const [, mail] = service.ses.mails(user.email)
  if (!mail) throw new Error('no second mail')
  await service.sendFeedback(bounceOf(mail, { type: 'Transient', subType: 'MailboxFull' }))
  const failed = await service.probe.waitFor(ticketDeliveryFailed, ofResend)
  expect(failed.payload).toMatchObject({ orderId: generated.orderId, reason: 'MAILBOX_FULL' })
  expect(failed.aggregateVersion).toBeGreaterThan(delivered.aggregateVersion)
})

test('foreign and unknown orders are not there', async () => {
  const { generated } = await buyer(1)
  const stranger = await service.user()
  expect(await resend(stranger, generated)).toMatchObject({ status: 404, body: { error: 'ORDER_NOT_FOUND' } })
})

test('nothing can be sent again of an order without confirmation or valid ticket', async () => {
  const { user, generated } = await buyer(1)
  const unconfirmed = { orderId: randomUUID() as OrderId }
  expect(await resend(user, unconfirmed)).toMatchObject({ status: 409, body: { error: 'NOTHING_TO_RESEND' } })
  transferAway(generated, 0)
  expect(await resend(user, generated)).toMatchObject({ status: 409, body: { error: 'NOTHING_TO_RESEND' } })
  expect(mailsTo(user)).toHaveLength(1)
})

test('nothing can be sent again of a cancelled event, even before its tickets are refunded', async () => {
  const { user, generated } = await buyer(1)
  service.world.event.status = 'CANCELLED'
  expect(await resend(user, generated)).toMatchObject({ status: 409, body: { error: 'NOTHING_TO_RESEND' } })
  service.world.event.status = 'PUBLISHED'
  expect(mailsTo(user)).toHaveLength(1)
})

test('five times an hour at most, also when asked for at once; a repetition counts once', async () => {
  const { user, generated } = await buyer(1)
  const headers = { 'idempotency-key': randomUUID() }
  const first = await resend(user, generated, headers)
  expect(await resend(user, generated, headers)).toEqual(first)
  const answers = await Promise.all(Array.from({ length: 7 }, () => resend(user, generated)))
  expect(answers.map(({ status }) => status).sort()).toEqual([202, 202, 202, 202, 429, 429, 429])
  const refused = await service.app.inject({
    method: 'POST',
    url: `/api/notifications/orders/${generated.orderId}/resend`,
    headers: user.headers,
  })
  expect(refused.statusCode).toBe(429)
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(3_500)
  expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(3_600)
  await sent(user, 6)
  await service.deps.pool.query(
    `update notifications set created_at = created_at - interval '1 hour' where order_id = $1
       and resend_of is not null`,
    [generated.orderId],
  )
  expect(await resend(user, generated)).toMatchObject({ status: 202 })
})
