import {
  emailVerificationRequested,
  passwordResetRequested,
  paymentFailed,
  ticketDeliveryFailed,
  ticketsDelivered,
  ticketsGenerated,
  userEmailVerified,
} from '@boxoffice/contracts'
import { readLetters } from '@boxoffice/messaging'
import { until } from '@boxoffice/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { asNotification, bounceOf, complaintOf, DIAGNOSTIC, delayOf, rejectOf } from './ses-events.ts'
import { createdFor, failedFor, generatedFor, startService, type TestService } from './start-service.ts'

let service: TestService
beforeAll(async () => {
  service = await startService()
  service.work()
})
afterEach(() => service.ses.onTaken(async () => {}))
afterAll(() => service.stop())

type User = Awaited<ReturnType<TestService['user']>>
const taken = (user: User, count = 1) =>
  until(() => {
    const mail = service.ses.mails(user.email)[count - 1]
    if (!mail) throw new Error('no mail yet')
    return mail
  })
const settled = (user: User, ...statuses: object[]) =>
  until(async () => expect(await service.rows(user.userId)).toMatchObject(statuses))
const log = async (user: User) => {
  const { body } = await service.client(user.headers).listNotifications({ query: {} })
  return body.notifications.toReversed()
}
const suppressed = (user: User, ...causes: string[]) =>
  until(async () => expect((await find(user.email)).suppressions.map(({ cause }) => cause)).toEqual(causes))
async function find(email: string) {
  const operator = await service.authority.user(['ADMIN'])
  const answer = await service.client(operator.headers).findSuppressions({ body: { email } })
  if (answer.status !== 200) throw new Error('refused')
  return answer.body
}
/** A mail that was sent to them. */
async function mailed(user: User) {
  await service.publish(paymentFailed, failedFor(user, service))
  const mail = await taken(user)
  await settled(user, { status: 'SENT' })
  return mail
}
const failed = async (user: User) => service.publish(paymentFailed, failedFor(user, service))
const requested = async (user: User) => {
  const { createdAt: _, ...request } = createdFor(user, await service.seal('tok'))
  return request
}

test('a mail says to SES which one it is, and by what to tell of it', async () => {
  const user = await service.user()
  const { configurationSet, tag } = await mailed(user)
  const [row] = await service.rows(user.userId)
  expect({ configurationSet, tag }).toEqual({
    configurationSet: 'boxoffice-mails',
    tag: ['notification', row?.id],
  })
})

describe('a mail that came back for good', () => {
  test('is BOUNCED in its log, its tickets are not delivered, and no other mail goes there', async () => {
    const [user, other] = [await service.user({ locale: 'en' }), await service.user()]
    const payload = generatedFor(user, service)
    await service.publish(ticketsGenerated, payload)
    const mail = await taken(user)
    const ofOrder = (message: { payload: { orderId: string } }) => message.payload.orderId === payload.orderId
    const delivered = await service.probe.waitFor(ticketsDelivered, ofOrder)
    await service.sendFeedback(bounceOf(mail))
    const published = await service.probe.waitFor(ticketDeliveryFailed, ofOrder)
    expect(published.payload).toMatchObject({ reason: 'NO_SUCH_MAILBOX', userId: user.userId })
    expect(published.aggregateVersion).toBeGreaterThan(delivered.aggregateVersion)
    expect(published.correlationId).toBe(delivered.correlationId)
    expect(await log(user)).toMatchObject([
      {
        status: 'BOUNCED',
        failure: { reason: 'NO_SUCH_MAILBOX', message: 'The mail came back: there is no such mailbox.' },
      },
    ])

    await failed(user)
    await failed(other)
    await settled(other, { status: 'SENT' })
    await settled(
      user,
      { status: 'SENT', bounceReason: 'NO_SUCH_MAILBOX' },
      { status: 'FAILED', address: null },
    )
    expect((await log(user))[1]).toMatchObject({
      status: 'FAILED',
      failure: { reason: 'ADDRESS_SUPPRESSED' },
    })
    expect(service.ses.mails(user.email)).toHaveLength(1)
    const kept = JSON.stringify([
      await service.rows(user.userId),
      await service.deps.db.prisma.mailSuppression.findMany(),
    ])
    expect(kept).not.toContain(user.email)
    expect(kept).not.toContain(DIAGNOSTIC.slice(0, 20))
  })
  test('and is reported twice, and by an identity too, bounced once', async () => {
    const user = await service.user()
    const payload = generatedFor(user, service)
    await service.publish(ticketsGenerated, payload)
    const event = bounceOf(await taken(user))
    const before = await service.consumed('MAIL_BOUNCED', 'duplicate')
    for (const body of [event, event, asNotification(event)]) await service.sendFeedback(body)
    await until(async () => expect(await service.consumed('MAIL_BOUNCED', 'duplicate')).toBe(before + 2))
    const again = bounceOf(await taken(user))
    await service.sendFeedback(again)
    const other = await service.user()
    await service.publish(ticketsGenerated, generatedFor(other, service))
    await service.sendFeedback(bounceOf(await taken(other)))
    await service.probe.waitFor(ticketDeliveryFailed, (message) => message.payload.userId === other.userId)
    const published = service.probe
      .received(ticketDeliveryFailed)
      .filter((message) => message.payload.orderId === payload.orderId)
    expect(published).toHaveLength(1)
  })
  test('before its sending was recorded, is recorded by the instance that gets the feedback', async () => {
    const user = await service.user()
    const payload = generatedFor(user, service)
    const ofOrder = (message: { payload: { orderId: string } }) => message.payload.orderId === payload.orderId
    service.ses.onTaken(async () => {
      service.ses.onTaken(async () => {})
      await service.sendFeedback(bounceOf(await taken(user)))
      await service.probe.waitFor(ticketDeliveryFailed, ofOrder)
    })
    await service.publish(ticketsGenerated, payload)
    await settled(user, { status: 'SENT', bounceReason: 'NO_SUCH_MAILBOX', lease: null })
    const [{ messageId }] = [await taken(user)]
    await settled(user, { providerMessageId: messageId, attempts: 1 })
    const other = await service.user()
    await service.publish(ticketsGenerated, generatedFor(other, service))
    await service.probe.waitFor(ticketsDelivered, (message) => message.payload.userId === other.userId)
    expect(service.probe.received(ticketsDelivered).filter(ofOrder)).toEqual([])
    expect(service.ses.mails(user.email)).toHaveLength(1)
  })
  test('includes mails that the reader requested', async () => {
    const user = await service.user()
    await service.sendFeedback(bounceOf(await mailed(user)))
    await suppressed(user, 'BOUNCE')
    await service.publish(passwordResetRequested, await requested(user))
    await settled(
      user,
      { bounceReason: 'NO_SUCH_MAILBOX' },
      { status: 'FAILED', failureReason: 'ADDRESS_SUPPRESSED' },
    )
    expect(JSON.stringify(await service.rows(user.userId))).not.toContain('sealedToken')
  })
})

test('a mail that SES takes for dangerous is BOUNCED, and its address goes on getting mails', async () => {
  const user = await service.user({ locale: 'en' })
  await service.sendFeedback(rejectOf(await mailed(user)))
  await settled(user, { status: 'SENT', bounceReason: 'UNSAFE_CONTENT' })
  await suppressed(user)
  await failed(user)
  await taken(user, 2)
})

test('a mail that is late is remembered so and stays sent', async () => {
  const user = await service.user()
  const mail = await mailed(user)
  await service.sendFeedback(delayOf(mail))
  await settled(user, { status: 'SENT', delayReason: 'NOT_REACHED', bounceReason: null })
  expect((await log(user))[0]).toMatchObject({ status: 'SENT' })
  expect((await log(user))[0]).not.toHaveProperty('failure')
  await suppressed(user)
})

test('a soft bounce is BOUNCED, its tickets are undelivered, and its address still gets mails', async () => {
  const user = await service.user({ locale: 'en' })
  const payload = generatedFor(user, service)
  await service.publish(ticketsGenerated, payload)
  const mail = await taken(user)
  await settled(user, { status: 'SENT' })
  await service.sendFeedback(bounceOf(mail, { type: 'Transient', subType: 'MailboxFull' }))
  const published = await service.probe.waitFor(
    ticketDeliveryFailed,
    (message) => message.payload.orderId === payload.orderId,
  )
  expect(published.payload).toMatchObject({ reason: 'MAILBOX_FULL' })
  expect(await log(user)).toMatchObject([
    {
      status: 'BOUNCED',
      failure: { reason: 'MAILBOX_FULL', message: 'The mail came back: the mailbox is full.' },
    },
  ])
  await suppressed(user)
  await failed(user)
  await taken(user, 2)
})

test('what had to be taken in twice is counted once', async () => {
  const user = await service.user()
  const mail = await mailed(user)
  const bounced = async () => {
    const { values } = (await service.deps.metrics.registry
      .getSingleMetric('mail_feedback_total')
      ?.get()) ?? { values: [] }
    return values.find(({ labels }) => labels.outcome === 'bounced')?.value ?? 0
  }
  const { pool } = service.deps
  await pool.query(`create sequence attempts;
    create function fail_once() returns trigger language plpgsql as $$ begin
      if nextval('attempts') = 1 then raise exception 'try again' using errcode = '40001'; end if;
      return new;
    end $$;
    create trigger fail_once before insert on mail_suppressions for each row execute function fail_once()`)
  const before = await bounced()
  await service.sendFeedback(bounceOf(mail))
  await suppressed(user, 'BOUNCE')
  await pool.query('drop trigger fail_once on mail_suppressions')
  await until(async () => expect(await bounced()).toBeGreaterThan(before))
  expect((await pool.query('select last_value::int from attempts')).rows).toEqual([{ last_value: 2 }])
  expect(await bounced()).toBe(before + 1)
})

test('a complaint stops all mails except requested ones, until the address is confirmed again', async () => {
  const user = await service.user()
  await service.sendFeedback(complaintOf(await mailed(user)))
  await settled(user, { status: 'SENT', complainedAt: expect.any(Date), bounceReason: null })
  await suppressed(user, 'COMPLAINT')
  await failed(user)
  await settled(user, { status: 'SENT' }, { failureReason: 'ADDRESS_SUPPRESSED' })
  await service.publish(passwordResetRequested, await requested(user))
  await service.publish(emailVerificationRequested, await requested(user))
  await taken(user, 3)

  const verified = (verifiedAt: Date) =>
    service.publish(userEmailVerified, { userId: user.userId, email: user.email, verifiedAt })
  await verified(new Date(Date.now() - 3_600_000)) // before they complained
  await until(async () => expect(await service.consumed('USER_EMAIL_VERIFIED', 'done')).toBe(1))
  await suppressed(user, 'COMPLAINT')
  await verified(new Date(Date.now() + 60_000))
  await suppressed(user)
  await failed(user)
  const mail = await taken(user, 4)
  const before = await service.consumed('MAIL_COMPLAINED', 'done')
  await service.sendFeedback(complaintOf(mail)) // before they confirmed
  await until(async () => expect(await service.consumed('MAIL_COMPLAINED', 'done')).toBe(before + 1))
  expect((await find(user.email)).suppressions).toEqual([])
})

test('a complaint for which SES did not even send a mail is one that came back', async () => {
  const user = await service.user()
  await service.sendFeedback(complaintOf(await mailed(user), { subType: 'OnAccountSuppressionList' }))
  await settled(user, { status: 'SENT', bounceReason: 'KNOWN_TO_FAIL', complainedAt: expect.any(Date) })
  await suppressed(user, 'COMPLAINT')
})

test('feedback about an unknown mail suppresses its address', async () => {
  const user = await service.user()
  await service.sendFeedback(
    bounceOf({ messageId: 'unknown-mail', destination: user.email.toUpperCase(), tag: [] }),
  )
  await suppressed(user, 'BOUNCE')
  await failed(user)
  await settled(user, { failureReason: 'ADDRESS_SUPPRESSED' })
})

test('an invalid event goes to the dead-letter queue with its reason', async () => {
  await service.sendFeedback('Successfully validated SNS topic for Amazon SES event publishing.')
  await service.sendFeedback({ eventType: 'Bounce', mail: {} })
  const letters = await until(async () => {
    const { value } = await readLetters(service.aws, 'mail-feedback-queue').next()
    if (!value) throw new Error('none yet')
    return value
  })
  expect(letters).toMatchObject([
    {
      eventType: 'Bounce',
      reason: expect.stringContaining('the SES event does not match its schema: mail.messageId'),
    },
  ])
})

describe('operators', () => {
  test('see why an address gets no mails, and let it have them again', async () => {
    const user = await service.user()
    await service.sendFeedback(bounceOf(await mailed(user)))
    await suppressed(user, 'BOUNCE')
    const [row] = await service.rows(user.userId)
    const { addressHash, suppressions } = await find(user.email)
    expect(suppressions).toEqual([
      { cause: 'BOUNCE', reason: 'NO_SUCH_MAILBOX', since: expect.any(Date), notificationId: row?.id },
    ])
    const operator = service.client((await service.authority.user(['ADMIN'])).headers)
    expect(await operator.liftSuppressions({ params: { addressHash } })).toMatchObject({ status: 204 })
    expect(await operator.liftSuppressions({ params: { addressHash } })).toMatchObject({
      status: 404,
      body: { error: 'SUPPRESSION_NOT_FOUND' },
    })
    await failed(user)
    const mail = await taken(user, 2)

    // Old feedback that arrives now: a redriven dead letter.
    const before = await service.consumed('MAIL_BOUNCED', 'done')
    await service.sendFeedback(bounceOf(mail, { at: new Date(Date.now() - 3_600_000).toISOString() }))
    await until(async () => expect(await service.consumed('MAIL_BOUNCED', 'done')).toBe(before + 1))
    expect((await find(user.email)).suppressions).toEqual([])
    await service.sendFeedback(bounceOf(mail, { at: new Date(Date.now() + 1_000).toISOString() }))
    await suppressed(user, 'BOUNCE')
  })
  test('see how many mails come back', async () => {
    const metrics = await service.deps.metrics.registry.metrics()
    expect(metrics).toMatch(/^mail_feedback_total\{outcome="bounced".*\} [1-9]/m)
    expect(metrics).toMatch(/^mail_suppressions\{cause="BOUNCE".*\} [1-9]/m)
    expect(metrics).toMatch(/^notifications_total\{.*outcome="suppressed".*\} [1-9]/m)
  })
})

test('the database lets nothing come back that was not sent', async () => {
  const user = await service.user()
  service.ses.set('down')
  await failed(user)
  await settled(user, { status: 'SENDING' })
  const set = service.deps.pool.query(
    `update notifications set bounced_at = now(), bounce_reason = 'x' where recipient_id = $1`,
    [user.userId],
  )
  await expect(set).rejects.toMatchObject({ constraint: 'notifications_bounced_was_sent' })
  const plain = service.deps.pool.query(`insert into mail_suppressions values ($1, 'BOUNCE', 'x', now())`, [
    user.email,
  ])
  await expect(plain).rejects.toMatchObject({ constraint: 'mail_suppressions_hashed' })
  service.ses.set('ok')
  await settled(user, { status: 'SENT' })
})
