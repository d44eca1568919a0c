import type { UserId } from '@boxoffice/contracts'
import { eventCancelled, eventUpdated } from '@boxoffice/contracts'
import { until } from '@boxoffice/testing'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { startService, type TestService } from './start-service.ts'

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
  service.world.event.status = 'PUBLISHED'
  service.world.holders = []
  service.world.holderPages = []
})
afterAll(async () => {
  await Promise.all(running.map((started) => started.stop()))
})

const snapshotOf = ({ world }: TestService) => {
  const { eventId, organizerId, name, eventDate, timeZone, venueId, venueName, venueAddress, status } =
    world.event
  return { eventId, organizerId, name, eventDate, timeZone, venueId, venueName, venueAddress, status }
}
const mailsTo = (of: TestService, address: string) => of.ses.mails(address).map(({ mail }) => mail)

test.each([
  [['eventDate'], 'New time: Święto Świateł'],
  [['venueName', 'venueAddress', 'description'], 'New place: Święto Świateł'],
  [['timeZone', 'venueId'], 'New time and place: Święto Świateł'],
])('a change of %j notifies all ticket holders', async (changed, subject) => {
  const holders = [await service.user({ locale: 'pl' }), await service.user({ locale: 'en' })]
  const stranger = await service.user()
  service.world.holders = holders.map(({ userId }) => userId)
  service.world.event.refundableUntil = new Date('2027-07-01T10:00:00Z')
  await service.publish(eventUpdated, { ...snapshotOf(service), changed })
  for (const holder of holders) {
    await until(() => expect(mailsTo(service, holder.email)).toMatchObject([{ subject }]))
  }
  const [mail] = mailsTo(service, holders[1]?.email ?? '')
  for (const words of [
    'Saturday, 17 July 2027',
    '19:30 CEST',
    'Park Śląski',
    'give them back until Thursday',
  ]) {
    expect(mail?.html).toContain(words)
    expect(mail?.text).toContain(words)
  }
  expect(await service.rows(stranger.userId)).toEqual([])
})

test('irrelevant changes of an event notify no one', async () => {
  const before = await service.consumed('EVENT_UPDATED', 'done')
  await service.publish(eventUpdated, {
    ...snapshotOf(service),
    changed: ['name', 'description', 'imageUrl'],
  })
  await until(async () => expect(await service.consumed('EVENT_UPDATED', 'done')).toBe(before + 1))
  expect(await service.deps.db.prisma.announcement.count({ where: { doneAt: null } })).toBe(0)
  expect(service.world.holderPages).toEqual([])
})

test('a cancellation is sent with the organizer’s reason, and a change is not sent any more', async () => {
  const holder = await service.user({ locale: 'en' })
  service.world.holders = [holder.userId]
  service.world.event.status = 'CANCELLED'
  const event = snapshotOf(service)
  const before = await service.consumed('EVENT_UPDATED', 'done')
  await service.publish(eventUpdated, { ...event, changed: ['eventDate'] })
  await until(async () => expect(await service.consumed('EVENT_UPDATED', 'done')).toBe(before + 1))
  await service.publish(eventCancelled, {
    ...event,
    eventName: event.name,
    cancellationReason: 'A storm is <coming>.',
  })
  await until(async () => expect(await service.rows(holder.userId)).toMatchObject([{ status: 'SENT' }]))
  await until(async () =>
    expect(await service.deps.db.prisma.announcement.count({ where: { doneAt: null } })).toBe(0),
  )
  await until(async () => expect(await service.rows(holder.userId)).toHaveLength(1))
  expect(mailsTo(service, holder.email)).toMatchObject([{ subject: 'Cancelled: Święto Świateł' }])
  const [mail] = mailsTo(service, holder.email)
  expect(mail?.text).toContain('A storm is <coming>.')
  expect(mail?.html).toContain('A storm is &lt;coming&gt;.')
  expect(mail?.text).toContain('goes back in full')
})

test('a long list of holders is processed page by page, resumed, and notified once each', async () => {
  const first = await start()
  const users: UserId[] = []
  for (let count = 0; count < 230; count++) users.push((await first.user()).userId)
  first.world.holders = users
  first.world.holderPagesMax = 1
  first.work()
  const event = snapshotOf(first)
  await first.publish(eventCancelled, { ...event, eventName: event.name, cancellationReason: 'rain' })
  const notified = () => first.deps.db.prisma.notification.groupBy({ by: 'recipientId', _count: true })
  await until(async () => expect(await notified()).toHaveLength(100))
  // The ticket service refuses the second page for a while; then somebody else holds a ticket that comes
  // first.
  await until(async () => {
    const [announcement] = await first.deps.db.prisma.announcement.findMany()
    expect(announcement).toMatchObject({ position: '100', holders: 100, doneAt: null, lease: null })
  })
  first.world.holders = [...users.slice(0, 100), users[0] as UserId, ...users.slice(100)]
  first.world.holderPagesMax = Number.POSITIVE_INFINITY
  await until(async () => expect(await notified()).toHaveLength(230))
  expect((await notified()).every(({ _count }) => _count === 1)).toBe(true)
  expect(first.world.holderPages).toEqual([null, '100', '200'])
  await until(async () => {
    expect(await first.deps.db.prisma.announcement.findMany()).toMatchObject([
      { doneAt: expect.any(Date), lease: null },
    ])
  })
  await until(async () => expect(first.ses.mails()).toHaveLength(230))
})
