import type { EventStatus, UserId } from '@boxoffice/contracts'
import { eventCancelled, eventPublished, eventUpdated } from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { leaseAnnouncement } from '../src/announcements/announcement-repository.ts'
import { startService, type TestService } from './start-service.ts'

const HOUR_MS = 3_600_000
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
afterEach(async () => {
  const { world, deps } = service
  world.event = {
    ...world.event,
    eventId: crypto.randomUUID() as typeof world.event.eventId,
    status: 'PUBLISHED',
    eventDate: far,
  }
  Object.assign(world, { holders: [], holderPages: [], held: 1 })
  await until(async () =>
    expect(await deps.db.prisma.announcement.count({ where: { doneAt: null } })).toBe(0),
  )
})
afterAll(() => Promise.all(running.map((started) => started.stop())))

const far = new Date(Date.now() + 100 * 24 * HOUR_MS)
const soon = () => new Date(Date.now() + 20 * HOUR_MS)
const hoursBefore = (date: Date, hours: number) => new Date(date.getTime() - hours * HOUR_MS)

/** The event as its service tells of it. */
function eventOf({ world }: TestService, change: { eventDate?: Date; status?: EventStatus } = {}) {
  const { eventId, organizerId, name, eventDate, timeZone, venueId, venueName, venueAddress, status } =
    world.event
  return {
    eventId,
    organizerId,
    name,
    eventDate,
    timeZone,
    venueId,
    venueName,
    venueAddress,
    status,
    ...change,
  }
}
const rowOf = ({ deps, world }: TestService) =>
  deps.db.prisma.eventReminder.findUnique({ where: { eventId: world.event.eventId } })
const rowIs = (of: TestService, row: object) => until(async () => expect(await rowOf(of)).toMatchObject(row))

/** It was published long ago, and its day has come. */
async function comes(of: TestService, eventDate = soon()) {
  of.world.event.eventDate = eventDate
  await of.publish(eventPublished, eventOf(of, { eventDate: far }), 1)
  await rowIs(of, { version: 1 })
  await due(of, eventDate)
}
const due = ({ deps, world }: TestService, eventDate: Date) =>
  deps.pool.query(
    `update event_reminders set due_at = clock_timestamp() - interval '1 second', event_date = $2
     where event_id = $1`,
    [world.event.eventId, eventDate],
  )
const mailsTo = (of: TestService, address: string) => of.ses.mails(address).map(({ mail }) => mail)

test('a ticket holder is reminded once, by the event’s clock, by each channel they chose', async () => {
  service.world.event.timeZone = 'America/New_York'
  const phone = '+48555000401'
  const [holder, other] = [await service.user({ locale: 'en', phone }), await service.user({ locale: 'pl' })]
  const stranger = await service.user()
  const client = service.client(holder.headers)
  await client.updatePreferences({
    body: { preferences: [{ type: 'EVENT_REMINDER', channel: 'SMS', enabled: true }] },
  })
  const browser = service.pushes.browser()
  expect((await client.addPushSubscription({ body: browser.subscription })).status).toBe(201)
  service.world.holders = [holder.userId, other.userId]
  const eventDate = soon()
  await comes(service, eventDate)
  const sent = (userId: UserId, count: number) =>
    until(async () =>
      expect((await service.rows(userId)).map(({ status }) => status)).toEqual(Array(count).fill('SENT')),
    )
  await sent(holder.userId, 3)
  await sent(other.userId, 1)
  const inZone = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat('en-GB', { timeZone: 'America/New_York', ...options }).format(eventDate)
  const time = inZone({ hour: '2-digit', minute: '2-digit', timeZoneName: 'short' })
  const [mail] = mailsTo(service, holder.email)
  expect(mail?.subject).toBe('Reminder: Święto Świateł')
  for (const words of [
    inZone({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }),
    time,
    'Park Śląski',
  ]) {
    expect(mail?.text).toContain(words)
    expect(mail?.html).toContain(words)
  }
  const short = `${inZone({ weekday: 'short', day: 'numeric', month: 'short' })}, ${time}`
  expect(service.sms.texts(phone).map(({ text }) => text)).toEqual([
    `Boxoffice: Święto Świateł begins on ${short}.`,
  ])
  expect(browser.read.map(({ content }) => content.body)).toEqual([`Święto Świateł begins on ${short}.`])
  expect(await service.rows(stranger.userId)).toEqual([])

  // Due again, as after a restore: no holder is notified twice.
  await due(service, eventDate)
  await rowIs(service, { dueAt: null, remindedFor: eventDate })
  expect(await service.rows(holder.userId)).toHaveLength(3)
  service.world.event.timeZone = 'Europe/Warsaw'
})

test('one press in the mail program, and there are no more of them', async () => {
  const user = await service.user({ locale: 'en' })
  service.world.holders = [user.userId]
  await comes(service)
  await until(() => expect(mailsTo(service, user.email)).toHaveLength(1))
  const [mail] = mailsTo(service, user.email)
  const [, path = ''] =
    /https:\/\/boxoffice\.example(\/unsubscribe\/[\w-]+)/.exec(JSON.stringify(mail?.headers.get('list'))) ??
    []
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const pressed = await service.app.inject({
    method: 'POST',
    url: path,
    headers,
    payload: 'List-Unsubscribe=One-Click',
  })
  expect(pressed.statusCode).toBe(204)
  const { preferences } = (await service.client(user.headers).getPreferences({})).body
  expect(
    preferences.find(({ type, channel }) => type === 'EVENT_REMINDER' && channel === 'EMAIL'),
  ).toMatchObject({
    enabled: false,
    changeable: true,
  })
})

describe('the time of a reminder', () => {
  test('is a day before its event, moves and ends with it; what is older changes nothing', async () => {
    const [first, second] = [far, new Date(far.getTime() + 5 * 24 * HOUR_MS)]
    await service.publish(eventPublished, eventOf(service, { eventDate: first }), 2)
    await rowIs(service, { version: 2, dueAt: hoursBefore(first, 24) })
    await service.publish(
      eventUpdated,
      { ...eventOf(service, { eventDate: second }), changed: ['eventDate'] },
      3,
    )
    await rowIs(service, { version: 3, dueAt: hoursBefore(second, 24) })
    const late = await service.consumed('EVENT_UPDATED', 'done')
    await service.publish(eventUpdated, { ...eventOf(service, { eventDate: first }), changed: ['name'] }, 1)
    await until(async () => expect(await service.consumed('EVENT_UPDATED', 'done')).toBe(late + 1))
    expect(await rowOf(service)).toMatchObject({ version: 3, dueAt: hoursBefore(second, 24) })
    const cancelled = {
      ...eventOf(service, { status: 'CANCELLED' }),
      eventName: 'Gala',
      cancellationReason: 'rain',
    }
    await service.publish(eventCancelled, cancelled, 4)
    await rowIs(service, { version: 4, dueAt: null })
  })

  test('does not exist for an event published within a day: no holder is notified at once', async () => {
    await service.publish(eventPublished, eventOf(service, { eventDate: soon() }), 1)
    await rowIs(service, { version: 1, dueAt: null })
  })

  test('that is due stays so when the name of the event changes', async () => {
    await service.publish(eventPublished, eventOf(service), 1)
    await rowIs(service, { version: 1 })
    const dueAt = new Date(Date.now() + HOUR_MS)
    const eventDate = new Date(Date.now() + 25 * HOUR_MS)
    await service.deps.db.prisma.eventReminder.update({
      where: { eventId: service.world.event.eventId },
      data: { dueAt, eventDate },
    })
    await service.publish(eventUpdated, { ...eventOf(service, { eventDate }), changed: ['name'] }, 2)
    await rowIs(service, { version: 2, dueAt })
  })

  test.each([
    [10 * 24, 'again, a day before the new date', true],
    [10, 'not again: the move has its own mail', false],
  ])('of an event that moves by %i hours after its reminder comes %s', async (hours, _, isAgain) => {
    const user = await service.user()
    service.world.holders = [user.userId]
    const eventDate = soon()
    await comes(service, eventDate)
    await rowIs(service, { dueAt: null, remindedFor: eventDate })
    const moved = new Date(eventDate.getTime() + hours * HOUR_MS)
    await service.publish(
      eventUpdated,
      { ...eventOf(service, { eventDate: moved }), changed: ['description'] },
      2,
    )
    await rowIs(service, { version: 2, dueAt: isAgain ? hoursBefore(moved, 24) : null })
  })

  test('rechecks its event when due: a postponed event is reminded of later', async () => {
    const user = await service.user()
    service.world.holders = [user.userId]
    const putOff = new Date(Date.now() + 60 * HOUR_MS)
    await comes(service, putOff)
    await rowIs(service, { dueAt: hoursBefore(putOff, 24), remindedFor: null })
    expect(await service.rows(user.userId)).toEqual([])
  })
})

test.each([
  ['cancelled', () => Object.assign(service.world.event, { status: 'CANCELLED' })],
  ['over', () => Object.assign(service.world.event, { eventDate: hoursBefore(new Date(), 1) })],
] as const)('no holder is reminded of an event that is %s by then', async (_, happens) => {
  const user = await service.user()
  service.world.holders = [user.userId]
  await service.publish(eventPublished, eventOf(service), 1)
  await rowIs(service, { version: 1 })
  happens()
  await due(service, service.world.event.eventDate)
  await rowIs(service, { dueAt: null, remindedFor: null })
  expect(
    await service.deps.db.prisma.announcement.count({ where: { eventId: service.world.event.eventId } }),
  ).toBe(0)
})

test('while the event service is down a reminder waits, and comes when it is back', async () => {
  const user = await service.user()
  service.world.holders = [user.userId]
  service.world.down.add('events')
  await comes(service)
  await until(async () => expect((await rowOf(service))?.attempts).toBeGreaterThan(0))
  service.world.down.clear()
  await service.deps.pool.query(
    `update event_reminders set leased_until = clock_timestamp() - interval '1 second'
     where lease is not null`,
  )
  await until(async () => expect(await service.rows(user.userId)).toMatchObject([{ status: 'SENT' }]))
})

test('no holder is reminded if reminders are off', async () => {
  const never = await start({ EVENT_REMINDER_HOURS: '0' })
  never.work()
  await never.publish(eventPublished, eventOf(never, { eventDate: far }), 1)
  await rowIs(never, { version: 1, dueAt: null })
})

test('each of many holders is notified once, even across a restart or if listed twice', async () => {
  const first = await start()
  const users: UserId[] = []
  for (let count = 0; count < 230; count++) users.push((await first.user()).userId)
  Object.assign(first.world, { holders: users, holderPagesMax: 1 })
  first.work()
  await comes(first)
  const notified = () => first.deps.db.prisma.notification.groupBy({ by: 'recipientId', _count: true })
  await until(async () => expect(await notified()).toHaveLength(100))
  // The ticket service refuses the second page; meanwhile the reminder is due once more, as where its own
  // commit was lost.
  await until(async () =>
    expect(await first.deps.db.prisma.announcement.findMany()).toMatchObject([
      { position: '100', lease: null },
    ]),
  )
  await due(first, first.world.event.eventDate)
  await rowIs(first, { dueAt: null })
  first.world.holders = [...users.slice(0, 100), users[0] as UserId, ...users.slice(100)]
  first.world.holderPagesMax = Number.POSITIVE_INFINITY
  await until(async () => expect(await notified()).toHaveLength(230))
  await until(async () =>
    expect(await first.deps.db.prisma.announcement.findMany()).toMatchObject([
      { doneAt: expect.any(Date), type: 'EVENT_REMINDER' },
    ]),
  )
  expect((await notified()).every(({ _count }) => _count === 1)).toBe(true)
  await until(() => expect(first.ses.mails()).toHaveLength(230))
})

test('event updates go before reminders that are due at the same time', async () => {
  const idle = await start()
  const { pool, db } = idle.deps
  await pool.query(
    `insert into announcements (id, type, event_id, payload, correlation_id, created_at, next_attempt_at)
     select gen_random_uuid(), type::notification_type, gen_random_uuid(), '{}', 'c', now(),
       now() - n * interval '1 minute'
     from (values ('EVENT_REMINDER', 3), ('EVENT_REMINDER', 2), ('EVENT_CANCELLED', 1)) v(type, n)`,
  )
  const types: (string | undefined)[] = []
  for (let n = 0; n < 3; n++) types.push((await leaseAnnouncement(db, crypto.randomUUID(), 60_000))?.type)
  expect(types).toEqual(['EVENT_CANCELLED', 'EVENT_REMINDER', 'EVENT_REMINDER'])
})
