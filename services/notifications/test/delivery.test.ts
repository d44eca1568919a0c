import { paymentFailed, ticketDeliveryFailed, ticketsGenerated, userCreated } from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { startProcess } from './process.ts'
import { createdFor, failedFor, generatedFor, startService, type TestService } from './start-service.ts'

const running: TestService[] = []
const start = async (overrides: Record<string, string> = {}) => {
  const service = await startService(overrides)
  running.push(service)
  return service
}
let service: TestService
beforeAll(async () => {
  service = await start()
  service.work()
})
afterEach(() => {
  service.ses.set('ok')
  service.world.down.clear()
})
afterAll(async () => {
  await Promise.all(running.map((started) => started.stop()))
})

const settled = (of: TestService, userId: string, status: string, failureReason: string | null = null) =>
  until(async () => expect(await of.rows(userId)).toMatchObject([{ status, failureReason }]))

test('a message that comes twice is one mail', async () => {
  const user = await service.user()
  await service.publish(paymentFailed, failedFor(user, service))
  await settled(service, user.userId, 'SENT')
  // The same message again: as the relay publishes it when it died after publishing.
  await until(async () => {
    const { rowCount } = await service.deps.pool.query(
      `update outbox set published_at = null, leased_until = null where event_type = 'PAYMENT_FAILED'
         and published_at is not null`,
    )
    // before its relay has noted that it is published it would be published once alone
    expect(rowCount).toBe(1)
  })
  await until(async () => expect(await service.consumed('PAYMENT_FAILED', 'duplicate')).toBeGreaterThan(0))
  expect(await service.rows(user.userId)).toHaveLength(1)
  expect(service.ses.mails(user.email)).toHaveLength(1)
})

test.each(['down', 'throttle'] as const)(
  'with SES %s a mail waits and goes out when it is back',
  async (mode) => {
    service.ses.set(mode)
    const user = await service.user()
    await service.publish(ticketsGenerated, generatedFor(user, service))
    await until(async () => expect((await service.rows(user.userId))[0]?.attempts).toBeGreaterThan(1))
    expect(await service.rows(user.userId)).toMatchObject([{ status: 'SENDING', sentAt: null }])
    expect(service.ses.mails(user.email)).toEqual([])
    service.ses.set('ok')
    await settled(service, user.userId, 'SENT')
    expect(service.ses.mails(user.email)).toHaveLength(1)
  },
)

test('after a connection is cut before the answer, the mail is sent again with its ids', async () => {
  service.ses.set('cut')
  const user = await service.user()
  await service.publish(paymentFailed, failedFor(user, service))
  await until(() => expect(service.ses.mails(user.email)).toHaveLength(1))
  service.ses.set('ok')
  await settled(service, user.userId, 'SENT')
  const mails = service.ses.mails(user.email).map(({ mail }) => mail)
  expect(mails.length).toBeGreaterThan(1)
  expect(new Set(mails.map(({ messageId }) => messageId)).size).toBe(1)
  expect(new Set(mails.map(({ headers }) => headers.get('x-notification-id'))).size).toBe(1)
})

test('a mail that SES rejects has failed, and TICKET_DELIVERY_FAILED says so', async () => {
  service.ses.set('reject')
  const user = await service.user()
  const payload = generatedFor(user, service)
  await service.publish(ticketsGenerated, payload)
  const published = await service.probe.waitFor(
    ticketDeliveryFailed,
    (message) => message.payload.orderId === payload.orderId,
  )
  const [row] = await service.rows(user.userId)
  expect(row).toMatchObject({ status: 'FAILED', failureReason: 'MessageRejected', attempts: 1, sentAt: null })
  expect(published.payload).toMatchObject({
    notificationId: row?.id,
    userId: user.userId,
    reason: 'MessageRejected',
  })
  expect(JSON.stringify(published)).not.toContain(user.email)
})

test('a recipient who is gone gets nothing', async () => {
  const user = await service.user()
  service.world.users.delete(user.userId)
  await service.publish(paymentFailed, failedFor(user, service))
  await settled(service, user.userId, 'FAILED', 'RECIPIENT_GONE')
})

test('tickets of an event that was cancelled meanwhile are not sent', async () => {
  const user = await service.user()
  service.world.event.status = 'CANCELLED'
  await service.publish(ticketsGenerated, generatedFor(user, service))
  await settled(service, user.userId, 'FAILED', 'EVENT_CANCELLED')
  service.world.event.status = 'PUBLISHED'
})

test.each(['auth', 'events', 'payments', 'tickets'] as const)(
  'while %s is down mails wait, and nothing is lost',
  async (peer) => {
    service.world.down.add(peer)
    const user = await service.user()
    await service.publish(ticketsGenerated, generatedFor(user, service))
    await until(async () => expect((await service.rows(user.userId))[0]?.attempts).toBeGreaterThan(1))
    expect(service.ses.mails(user.email)).toEqual([])
    service.world.down.clear()
    await settled(service, user.userId, 'SENT')
    expect(service.ses.mails(user.email)).toHaveLength(1)
  },
)

test('after its last attempt a mail has failed', async () => {
  const impatient = await start({ MAIL_ATTEMPTS_MAX: '2' })
  impatient.ses.set('down')
  impatient.work()
  const user = await impatient.user()
  const payload = generatedFor(user, impatient)
  await impatient.publish(ticketsGenerated, payload)
  await impatient.probe.waitFor(ticketDeliveryFailed, (message) => message.payload.reason === 'GIVEN_UP')
  expect(await impatient.rows(user.userId)).toMatchObject([{ status: 'FAILED', attempts: 2 }])
})

test('a slow mail holds up none of the others, and two instances send each mail once', async () => {
  const first = await start({ MAIL_CONCURRENCY: '2' })
  const [slow, answered] = [Promise.withResolvers<string | null>(), Promise.withResolvers<void>()]
  first.ses.onTaken((address) => {
    first.ses.onTaken(async () => {})
    slow.resolve(address)
    return answered.promise
  })
  first.work()
  const second = await startProcess(first)
  const users = await Promise.all(Array.from({ length: 12 }, () => first.user()))
  for (const user of users) await first.publish(paymentFailed, failedFor(user, first))
  const slowest = await slow.promise
  for (const user of users) if (user.email !== slowest) await settled(first, user.userId, 'SENT')
  const held = users.find(({ email }) => email === slowest) as (typeof users)[0]
  await settled(first, held.userId, 'SENDING')
  answered.resolve()
  await settled(first, held.userId, 'SENT')
  expect(await second.stop()).toEqual([0, null])
  for (const user of users) expect(first.ses.mails(user.email)).toHaveLength(1)
})

test('an attempt that outlives its lease does not send what another has sent', async () => {
  const own = await start()
  const user = await own.user()
  const [asked, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  own.world.beforeUser.push(() => {
    asked.resolve()
    return answered.promise
  })
  own.work()
  await own.publish(paymentFailed, failedFor(user, own))
  await asked.promise
  await own.endLeases()
  await settled(own, user.userId, 'SENT')
  answered.resolve()
  // The late attempt has what it needs by now, and all the time of another mail to send it.
  await until(() => expect(own.world.eventsAsked).toBe(2))
  const next = await own.user()
  await own.publish(paymentFailed, failedFor(next, own))
  await settled(own, next.userId, 'SENT')
  expect(await own.rows(user.userId)).toMatchObject([{ attempts: 2 }])
  expect(own.ses.mails(user.email)).toHaveLength(1)
})

test.each([
  ['mail.before-send', 1],
  ['mail.after-send', 2],
] as const)(
  'killed at %s, the mail is sent after the lease: %i in all, with the same ids',
  async (crashPoint, total) => {
    const survivor = await start()
    const doomed = await startProcess(survivor, { CRASH_AT: crashPoint })
    const user = await survivor.user()
    await survivor.publish(ticketsGenerated, generatedFor(user, survivor))
    expect(await doomed.ended).toEqual([null, 'SIGKILL'])
    expect(await survivor.rows(user.userId)).toMatchObject([{ status: 'SENDING', attempts: 1 }])
    expect(survivor.ses.mails(user.email)).toHaveLength(total - 1)

    await survivor.endLeases()
    survivor.work()
    await settled(survivor, user.userId, 'SENT')
    const mails = survivor.ses.mails(user.email).map(({ mail }) => mail)
    expect(mails).toHaveLength(total)
    expect(new Set(mails.map(({ messageId }) => messageId)).size).toBe(1)
    expect(new Set(mails.map(({ headers }) => headers.get('x-notification-id'))).size).toBe(1)
  },
)

test('neither tokens nor addresses are in the log, whatever goes wrong', async () => {
  const quiet = await start()
  const logging = await startProcess(quiet, { LOG_LEVEL: 'debug' })
  const token = 'tok_that_nobody_may_read'
  const user = await quiet.user()
  quiet.ses.set('down')
  await quiet.publish(userCreated, createdFor(user, await quiet.seal(token)))
  await until(() => expect(logging.logged()).toContain('will be retried'))
  quiet.ses.set('ok')
  await settled(quiet, user.userId, 'SENT')
  quiet.ses.set('reject')
  await quiet.publish(paymentFailed, failedFor(user, quiet))
  await until(() => expect(logging.logged()).toContain('MessageRejected'))
  expect(await logging.stop()).toEqual([0, null])
  expect(logging.logged()).toContain('a notification was sent')
  expect(logging.logged()).not.toContain(token)
  expect(logging.logged()).not.toContain('@customers.example')
})
