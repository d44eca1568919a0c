import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import {
  eventCancelled,
  type NotificationRequest,
  paymentFailed,
  ticketsGenerated,
} from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startProcess } from './process.ts'
import { failedFor, generatedFor, startService, type TestService } from './start-service.ts'

const page = (body: string) =>
  `<mjml><mj-body><mj-section><mj-column><mj-text>${body}</mj-text></mj-column></mj-section></mj-body></mjml>`
const files = {
  'doors-open.mjml': page('Doors of {{event.name}} open at {{time}}, {{@firstName}}'),
  'doors-open.txt': 'Doors of {{event.name}} open at {{time}}.',
  'doors-open.subject': 'Doors of {{event.name}}',
  'doors-open.pl.mjml': page('Drzwi {{event.name}} o {{time}}'),
  'doors-open.pl.txt': 'Drzwi {{event.name}} o {{time}}.',
  'doors-open.pl.subject': 'Drzwi {{event.name}}',
  'doors-open.sms': 'Doors of {{event.name}} open at {{time}}',
  'PAYMENT_FAILED.mjml': page('Ours no more: {{eventName}}, {{#each totals}}{{total}}{{/each}}'),
  'PAYMENT_FAILED.txt': 'Ours no more: {{eventName}}. {{why}}',
  'PAYMENT_FAILED.subject': 'No tickets for {{eventName}}',
  'ORDER_CONFIRMATION.mjml': page(
    '{{#each codedTickets}}<img src="cid:{{codeCid}}" alt="{{ticketNumber}}">{{/each}}',
  ),
  'ORDER_CONFIRMATION.txt': '{{#each codedTickets}}{{ticketNumber}} {{/each}}',
  'EVENT_CANCELLED.sms': 'Off: {{eventName}}',
}

let folder: string
let service: TestService
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'templates-'))
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text)
  service = await startService({ NOTIFICATION_TEMPLATES_DIR: folder })
  service.work()
})
afterAll(async () => {
  await service.stop()
  await rm(folder, { recursive: true })
})

type User = Awaited<ReturnType<TestService['user']>>
const requestFor = (user: User, about: Partial<NotificationRequest> = {}): NotificationRequest => ({
  userId: user.userId,
  type: 'EVENT_UPDATED',
  channel: 'EMAIL',
  recipient: user.email,
  template: 'doors-open',
  payload: { event: { name: 'Gala <1>' }, time: '19:00' },
  priority: 'MEDIUM',
  ...about,
})
const sendFor = async (user: User, about: Partial<NotificationRequest> = {}) =>
  (await service.as('event-service')).sendNotification({ body: requestFor(user, about) })
const mailTo = (address: string) =>
  until(() => {
    const [sent, ...more] = service.ses.mails(address)
    expect(more).toEqual([])
    expect(sent).toBeDefined()
    return sent?.mail
  })

test('a request names a configured template, and gives whatever that asks for', async () => {
  const user = await service.user({ locale: 'en', firstName: 'Ada' })
  expect(await sendFor(user)).toMatchObject({ status: 202 })
  const mail = await mailTo(user.email)
  expect(mail?.subject).toBe('Doors of Gala <1>')
  expect(mail?.text).toContain('Doors of Gala <1> open at 19:00.')
  expect(mail?.html).toContain('Doors of Gala &lt;1&gt; open at 19:00, Ada')
  // It is known by its asker's words alone until it is sent.
  await until(async () =>
    expect(await service.rows(user.userId)).toMatchObject([
      { status: 'SENT', template: 'doors-open', address: null },
    ]),
  )
  expect((await service.rows(user.userId))[0]?.payload).toEqual({})
})

test('it is in the language of its reader, and under the request’s own subject if given', async () => {
  const user = await service.user({ locale: 'pl-PL' })
  await sendFor(user, { subject: 'Jutro' })
  expect(await mailTo(user.email)).toMatchObject({
    subject: 'Jutro',
    text: expect.stringContaining('Drzwi Gala <1> o 19:00.'),
  })
})

test('the subject to an unconfirmed address has none of its text', async () => {
  const user = await service.user({ locale: 'en', emailVerified: false })
  await sendFor(user)
  expect(await mailTo(user.email)).toMatchObject({ subject: 'An event has changed' })
})

test('a text message is made of it too', async () => {
  const user = await service.user()
  const preferences = [{ type: 'EVENT_UPDATED', channel: 'SMS', enabled: true } as const]
  await service.client(user.headers).updatePreferences({ body: { preferences } })
  const recipient = `+4855${String(Math.random()).slice(2, 9)}`
  await sendFor(user, { channel: 'SMS', recipient })
  await until(() =>
    expect(service.sms.texts(recipient)).toMatchObject([{ text: 'Doors of Gala <1> open at 19:00' }]),
  )
})

test.each<[string, Partial<NotificationRequest>, string, string]>([
  [
    'an unknown template',
    { template: 'doors-shut' },
    'body.template',
    'there is no template doors-shut for EMAIL',
  ],
  [
    'what is missing',
    { payload: { event: {} } },
    'body.payload.event.name',
    'is missing: the template needs it',
  ],
  [
    'what else is missing',
    { payload: { event: {} } },
    'body.payload.time',
    'is missing: the template needs it',
  ],
  [
    'another type’s template',
    { template: 'PAYMENT_FAILED' },
    'body.template',
    'must be EVENT_UPDATED, or one that is configured',
  ],
  ['what lacks what the type tells', { template: 'EVENT_UPDATED' }, 'body.payload.eventId', 'Invalid input'],
  [
    'a payload that is too deep',
    { payload: { a: { b: { c: { d: { e: { f: { g: { h: {} } } } } } } } } },
    'body.payload',
    'must be nested at most 8 deep',
  ],
  [
    'a payload that is too large',
    { payload: { text: 'x'.repeat(65_536) } },
    'body.payload',
    'must take at most 65536 bytes',
  ],
  [
    'characters that nobody can keep',
    { payload: { 'a\0': 'x' } },
    'body.payload',
    'has characters that are none',
  ],
  [
    'a text that is too long',
    {
      channel: 'SMS',
      recipient: '+48555000111',
      payload: { event: { name: 'Święto '.repeat(30) }, time: '1' },
    },
    'body.payload',
    'makes a text of 4 messages: it may be 2',
  ],
])('%s is refused with its name', async (_, about, at, message) => {
  const user = await service.user()
  // As another client may send it: ours holds itself to the schema.
  const headers = await service.authority.service('event-service', 'notification-service')
  const payload = requestFor(user, about)
  const answer = await service.app.inject({
    method: 'POST',
    url: '/api/notifications/internal/send',
    headers,
    payload,
  })
  expect(answer.statusCode).toBe(400)
  expect(answer.json().details).toContainEqual({ path: at, message: expect.stringContaining(message) })
  expect(await service.rows(user.userId)).toEqual([])
})

test('a template of a type’s name is that type’s mail, with what ours would say of it', async () => {
  const user = await service.user({ locale: 'en' })
  await service.publish(paymentFailed, failedFor(user, service))
  const mail = await mailTo(user.email)
  expect(mail?.subject).toBe('No tickets for Święto Świateł')
  expect(mail?.text).toContain('Ours no more: Święto Świateł. Your bank declined the payment.')
  expect(mail?.html).toContain('Ours no more: Święto Świateł, €100.50')
  expect(mail?.html).not.toContain('Questions?')
})

test('an operator’s confirmation has codes and PDF, and our subject if it has none', async () => {
  const user = await service.user({ locale: 'en' })
  await service.publish(ticketsGenerated, generatedFor(user, service, 2))
  const mail = await mailTo(user.email)
  expect(mail?.subject).toBe('Your tickets for Święto Świateł')
  expect(mail?.text).toContain('TKT-2026-000001 TKT-2026-000002')
  expect(mail?.attachments.map(({ contentType }) => contentType).sort()).toEqual([
    'application/pdf',
    'image/png',
    'image/png',
  ])
})

test('a text message of a type’s name is cut around the event’s name, as ours are', async () => {
  const user = await service.user({ phone: `+4856${String(Math.random()).slice(2, 9)}` })
  const preferences = [{ type: 'EVENT_CANCELLED', channel: 'SMS', enabled: true } as const]
  await service.client(user.headers).updatePreferences({ body: { preferences } })
  service.world.holders = [user.userId]
  const { name, ...event } = service.world.event
  service.world.event.name = 'Gala '.repeat(200).trim()
  await service.publish(eventCancelled, {
    ...event,
    name,
    eventName: name,
    cancellationReason: 'rain',
  } as never)
  await until(() => expect(service.sms.texts(user.phone ?? '')).toHaveLength(1))
  service.world.event.name = name
  const text = service.sms.texts(user.phone ?? '')[0]?.text ?? ''
  expect(text).toMatch(/^Off: Gala Gala .*\.\.\.$/)
  expect(text.length).toBeGreaterThan(295)
  expect(text.length).toBeLessThanOrEqual(306)
})

test('a confirmation in another template publishes no delivery of tickets', async () => {
  const user = await service.user()
  const { orderId } = generatedFor(user, service)
  const payload = { event: { name: 'Gala' }, time: '19:00', orderId }
  await sendFor(user, { type: 'ORDER_CONFIRMATION', payload })
  await until(async () =>
    expect(await service.rows(user.userId)).toMatchObject([{ status: 'SENT', attempts: 1, orderId }]),
  )
  expect(service.ses.mails(user.email)).toHaveLength(1)
  const { rows } = await service.deps.pool.query(
    `select 1 from outbox where body->'payload'->>'userId' = $1`,
    [user.userId],
  )
  expect(rows).toEqual([])
  const answer = await service.client(user.headers).resendOrder({ params: { orderId } })
  expect(answer.status).not.toBe(202)
})

test('a template that changed while its request waited fails it with a reason, at once', async () => {
  const user = await service.user()
  const answer = await sendFor(user, { sendAt: new Date(Date.now() + 3_600_000) })
  const notificationId = answer.status === 202 ? answer.body.notificationId : ''
  await service.deps.pool.query(
    `update notifications set payload = '{}', next_attempt_at = now() - interval '1 second' where id = $1`,
    [notificationId],
  )
  await until(async () =>
    expect(await service.rows(user.userId)).toMatchObject([
      { status: 'FAILED', failureReason: 'TEMPLATE_CHANGED', attempts: 1 },
    ]),
  )
})

test('with a template that cannot be used the service does not start, and says which and where', async () => {
  const broken = await mkdtemp(path.join(tmpdir(), 'templates-'))
  await writeFile(path.join(broken, 'doors.txt'), `hello\n{{shout "${randomUUID()}"}}`)
  await expect(startProcess(service, { NOTIFICATION_TEMPLATES_DIR: broken })).rejects.toThrow(
    'doors.txt:2: there is no helper shout, only if, unless, each',
  )
  await rm(broken, { recursive: true })
})

test('a push says what the configured text message says; its title is the given subject', async () => {
  const user = await service.user({ locale: 'en' })
  const browser = service.pushes.browser()
  await service.client(user.headers).addPushSubscription({ body: browser.subscription })
  const about = { channel: 'PUSH', recipient: user.userId, subject: 'Doors' } as const
  expect(await sendFor(user, about)).toMatchObject({ status: 202 })
  await until(() => expect(browser.read).toHaveLength(1))
  expect(browser.read[0]?.content).toMatchObject({ title: 'Doors', body: 'Doors of Gala <1> open at 19:00' })
  await until(async () =>
    expect(await service.rows(user.userId)).toMatchObject([{ channel: 'PUSH', status: 'SENT' }]),
  )
})
