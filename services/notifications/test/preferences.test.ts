import { randomUUID } from 'node:crypto'
import type { Preference } from '@boxoffice/contracts'
import {
  Channel,
  eventCancelled,
  NotificationType,
  paymentFailed,
  ticketsDelivered,
  ticketsGenerated,
} from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { failedFor, generatedFor, startService, type TestService } from './start-service.ts'

let service: TestService
beforeAll(async () => {
  service = await startService()
  service.work()
})
afterEach(() => {
  service.sms.set('ok')
  service.world.event.status = 'PUBLISHED'
})
afterAll(() => service.stop())

const preference = (type: Preference['type'], channel: Preference['channel'], enabled: boolean) => ({
  type,
  channel,
  enabled,
})
const phone = () => `+48${String(Math.floor(Math.random() * 1e9)).padStart(9, '5')}`
/** Quiet hours that it is now, somewhere. */
const quietNow = () => {
  const now = new Date()
  const time = (hours: number) => `${String((now.getUTCHours() + hours + 24) % 24).padStart(2, '0')}:30`
  return { start: time(-2), end: time(2), timeZone: 'UTC' }
}

test('preferences are a complete table; a part of it can be changed, and the rest stays', async () => {
  const user = await service.user()
  const client = service.client(user.headers)
  const before = (await client.getPreferences({})).body
  expect(before.preferences).toHaveLength(NotificationType.options.length * Channel.options.length)
  expect(before.quietHours).toBeUndefined()
  const of = (list: Preference[], type: string, channel: string) =>
    list.find((preference) => preference.type === type && preference.channel === channel)
  expect(of(before.preferences, 'PAYMENT_PROCESSED', 'EMAIL')).toMatchObject({
    enabled: false,
    changeable: true,
  })
  expect(of(before.preferences, 'ORDER_CONFIRMATION', 'EMAIL')).toMatchObject({
    enabled: true,
    changeable: false,
  })
  expect(of(before.preferences, 'ORDER_CONFIRMATION', 'SMS')).toMatchObject({
    enabled: false,
    changeable: true,
  })
  expect(of(before.preferences, 'PASSWORD_RESET', 'SMS')).toMatchObject({ enabled: false, changeable: false })
  expect(of(before.preferences, 'EVENT_REMINDER', 'EMAIL')).toMatchObject({ enabled: true, changeable: true })
  expect(of(before.preferences, 'EVENT_CANCELLED', 'PUSH')).toMatchObject({ enabled: true, changeable: true })
  expect(of(before.preferences, 'PAYMENT_PROCESSED', 'PUSH')).toMatchObject({
    enabled: false,
    changeable: true,
  })
  expect(of(before.preferences, 'PASSWORD_RESET', 'PUSH')).toMatchObject({
    enabled: false,
    changeable: false,
  })

  const quietHours = { start: '22:00', end: '07:00', timeZone: 'Europe/Warsaw' }
  await client.updatePreferences({
    body: { preferences: [preference('EVENT_UPDATED', 'EMAIL', false)], quietHours },
  })
  const after = await client.updatePreferences({
    body: { preferences: [preference('REFUND_PROCESSED', 'SMS', true)] },
  })
  if (after.status !== 200) throw new Error('refused')
  expect(after.body.quietHours).toEqual(quietHours)
  expect(
    after.body.preferences.filter(
      (preference, index) => preference.enabled !== before.preferences[index]?.enabled,
    ),
  ).toEqual([
    { ...preference('REFUND_PROCESSED', 'SMS', true), changeable: true },
    { ...preference('EVENT_UPDATED', 'EMAIL', false), changeable: true },
  ])
  const whole = after.body.preferences.map(({ type, channel, enabled }) => preference(type, channel, enabled))
  expect((await client.updatePreferences({ body: { preferences: whole, quietHours: null } })).body).toEqual({
    preferences: after.body.preferences,
  })
  expect((await service.client((await service.user()).headers).getPreferences({})).body).toEqual(before)
})

test.each([
  [{ preferences: [preference('EVENT_CANCELLED', 'EMAIL', false)] }, 'body.preferences.0.enabled'],
  [
    {
      preferences: [
        preference('PAYMENT_FAILED', 'EMAIL', false),
        preference('PASSWORD_RESET', 'EMAIL', false),
      ],
    },
    'body.preferences.1.enabled',
  ],
  [{ preferences: [preference('PASSWORD_RESET', 'SMS', true)] }, 'body.preferences.0.enabled'],
  [
    { preferences: [preference('EVENT_UPDATED', 'SMS', true), preference('EVENT_UPDATED', 'SMS', false)] },
    'body.preferences.1.type',
  ],
  [{ preferences: [{ type: 'NEWSLETTER', channel: 'EMAIL', enabled: true }] }, 'body.preferences.0.type'],
  [{ preferences: [preference('PASSWORD_RESET', 'PUSH', true)] }, 'body.preferences.0.enabled'],
  [
    { preferences: [{ type: 'EVENT_UPDATED', channel: 'PIGEON', enabled: true }] },
    'body.preferences.0.channel',
  ],
  [
    { preferences: [], quietHours: { start: '22:00', end: '7', timeZone: 'Europe/Warsaw' } },
    'body.quietHours.end',
  ],
  [
    { preferences: [], quietHours: { start: '22:00', end: '22:00', timeZone: 'Europe/Warsaw' } },
    'body.quietHours.end',
  ],
  [
    { preferences: [], quietHours: { start: '22:00', end: '07:00', timeZone: 'Moon/Base' } },
    'body.quietHours.timeZone',
  ],
])('%j cannot be kept', async (payload, path) => {
  const user = await service.user()
  const answer = await service.app.inject({
    method: 'PUT',
    url: '/api/notifications/preferences',
    headers: user.headers,
    payload,
  })
  expect(answer.statusCode).toBe(400)
  expect(answer.json().details).toMatchObject([{ path }])
  expect(await service.deps.db.prisma.preference.count({ where: { userId: user.userId } })).toBe(0)
})

test('the database keeps what is needed too', async () => {
  const insert = (type: string, channel: string, enabled: boolean) =>
    service.deps.pool.query(
      'insert into preferences values ($1, $2::notification_type, $3::notification_channel, $4, now())',
      [randomUUID(), type, channel, enabled],
    )
  await expect(insert('REFUND_PROCESSED', 'EMAIL', false)).rejects.toMatchObject({
    constraint: 'preferences_keep_what_is_needed',
  })
  await expect(insert('USER_WELCOME', 'SMS', true)).rejects.toMatchObject({
    constraint: 'preferences_sms_is_offered',
  })
  await expect(insert('USER_WELCOME', 'PUSH', true)).rejects.toMatchObject({
    constraint: 'preferences_push_is_offered',
  })
})

test('who turned a mail off does not get it, and has nothing of it in the log', async () => {
  const user = await service.user()
  await service
    .client(user.headers)
    .updatePreferences({ body: { preferences: [preference('PAYMENT_FAILED', 'EMAIL', false)] } })
  await service.publish(paymentFailed, failedFor(user, service))
  await service.publish(ticketsGenerated, generatedFor(user, service, 1))
  await until(async () =>
    expect(await service.rows(user.userId)).toMatchObject([{ type: 'ORDER_CONFIRMATION', status: 'SENT' }]),
  )
  await until(async () => expect(await service.consumed('PAYMENT_FAILED', 'done')).toBe(1))
  expect(service.ses.mails(user.email)).toHaveLength(1)
})

test('who asked for it gets a text message beside the mail, with nothing personal in it', async () => {
  const phoneNumber = phone()
  const user = await service.user({ phone: phoneNumber })
  await service
    .client(user.headers)
    .updatePreferences({ body: { preferences: [preference('ORDER_CONFIRMATION', 'SMS', true)] } })
  await service.publish(ticketsGenerated, generatedFor(user, service, 1))
  await until(async () => {
    const rows = await service.rows(user.userId)
    expect(rows.map(({ channel, status }) => `${channel} ${status}`).sort()).toEqual([
      'EMAIL SENT',
      'SMS SENT',
    ])
  })
  const text = 'Boxoffice: your tickets for Święto Świateł are in your mailbox.'
  expect(service.sms.texts(phoneNumber)).toEqual([
    {
      phoneNumber,
      text,
      attributes: { 'AWS.SNS.SMS.SMSType': 'Transactional', 'AWS.SNS.SMS.SenderID': 'Boxoffice' },
    },
  ])
  const log = await service.client(user.headers).listNotifications({ query: {} })
  expect(log.body.notifications.find(({ channel }) => channel === 'SMS')).toMatchObject({
    subject: text,
    status: 'SENT',
  })
  expect(JSON.stringify(await service.rows(user.userId))).not.toContain(phoneNumber)
  // The mail brings the tickets: the text message says nothing to the ticket service.
  await service.probe.waitFor(ticketsDelivered, ({ payload }) => payload.userId === user.userId)
  await until(async () => {
    const { rows } = await service.deps.pool.query(
      `select published_at from outbox where event_type = 'TICKETS_DELIVERED'
         and body->'payload'->>'userId' = $1`,
      [user.userId],
    )
    expect(rows).toEqual([{ published_at: expect.any(Date) }])
  })
})

test('without a telephone there is no text message, and no trace of one', async () => {
  const user = await service.user()
  await service
    .client(user.headers)
    .updatePreferences({ body: { preferences: [preference('ORDER_CONFIRMATION', 'SMS', true)] } })
  await service.publish(ticketsGenerated, generatedFor(user, service, 1))
  await until(async () =>
    expect(await service.rows(user.userId)).toMatchObject([{ channel: 'EMAIL', status: 'SENT' }]),
  )
})

test.each([
  ['down', 'SENT', null],
  ['reject', 'FAILED', 'InvalidParameterException'],
] as const)(
  'with SNS that says %s the text message ends %s, and the mail does not wait for it',
  async (mode, status, failureReason) => {
    service.sms.set(mode)
    const phoneNumber = phone()
    const user = await service.user({ phone: phoneNumber })
    const body = { preferences: [preference('ORDER_CONFIRMATION', 'SMS', true)] }
    await service.client(user.headers).updatePreferences({ body })
    await service.publish(ticketsGenerated, generatedFor(user, service, 1))
    const row = async (channel: string) =>
      (await service.rows(user.userId)).find((one) => one.channel === channel)
    await until(async () => expect(await row('EMAIL')).toMatchObject({ status: 'SENT' }))
    await until(async () => expect((await row('SMS'))?.attempts).toBeGreaterThan(mode === 'down' ? 1 : 0))
    service.sms.set(mode === 'down' ? 'ok' : mode)
    await until(async () => expect(await row('SMS')).toMatchObject({ status, failureReason }))
    expect(service.sms.texts(phoneNumber)).toHaveLength(mode === 'down' ? 1 : 0)
  },
)

test('in quiet hours text messages and mails that can wait do so, and urgent mails come', async () => {
  const user = await service.user({ phone: phone() })
  const preferences = [
    preference('ORDER_CONFIRMATION', 'SMS', true),
    preference('EVENT_CANCELLED', 'SMS', true),
  ]
  const quietHours = quietNow()
  await service.client(user.headers).updatePreferences({ body: { preferences, quietHours } })
  await service.publish(paymentFailed, failedFor(user, service))
  await service.publish(ticketsGenerated, generatedFor(user, service, 1))
  service.world.holders = [user.userId]
  const { organizerId, eventId, name, eventDate, timeZone, venueId, venueName, venueAddress, status } =
    service.world.event
  const event = { organizerId, eventId, name, eventDate, timeZone, venueId, venueName, venueAddress, status }
  await service.publish(eventCancelled, { ...event, eventName: name, cancellationReason: 'rain' })
  await until(async () => {
    const rows = await service.rows(user.userId)
    expect(rows.map((row) => `${row.channel} ${row.type} ${row.status}`).sort()).toEqual([
      'EMAIL EVENT_CANCELLED SENT',
      'EMAIL ORDER_CONFIRMATION SENT',
      'EMAIL PAYMENT_FAILED PENDING',
      'SMS EVENT_CANCELLED PENDING',
      'SMS ORDER_CONFIRMATION PENDING',
    ])
    for (const row of rows.filter((one) => one.status === 'PENDING')) {
      expect(row.nextAttemptAt.toISOString().slice(11, 16)).toBe(quietHours.end)
      expect(row.nextAttemptAt.getTime()).toBeGreaterThan(Date.now())
    }
  })
})
