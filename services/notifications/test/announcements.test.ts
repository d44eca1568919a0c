import type { UserId } from '@boxoffice/contracts'
import { eventCancelled, eventUpdated } from '@boxoffice/contracts'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { type Notifications, startNotifications } from './harness.ts'

const SOON = { timeout: 15_000, interval: 50 }
const running: Notifications[] = []
const start = async (overrides: Record<string, string> = {}) => {
  const service = await startNotifications(overrides)
  running.push(service)
  return service
}
let service: Notifications
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
  for (const started of running) await started.stop()
})

const snapshotOf = ({ world }: Notifications) => {
  const { eventId, organizerId, name, eventDate, timeZone, venueId, venueName, venueAddress, status } = world.event
  return { eventId, organizerId, name, eventDate, timeZone, venueId, venueName, venueAddress, status }
}
const mailsTo = (of: Notifications, address: string) => of.ses.mails(address).map(({ mail }) => mail)

test.each([
  [['eventDate'], 'New time: Święto Świateł'],
  [['venueName', 'venueAddress', 'description'], 'New place: Święto Świateł'],
  [['timeZone', 'venueId'], 'New time and place: Święto Świateł'],
])('a change of %j is told to everybody who holds a ticket', async (changed, subject) => {
  const holders = [await service.user({ locale: 'pl' }), await service.user({ locale: 'en' })]
  const stranger = await service.user()
  service.world.holders = holders.map(({ userId }) => userId)
  service.world.event.refundableUntil = new Date('2027-07-01T10:00:00Z')
  await service.tell(eventUpdated, { ...snapshotOf(service), changed })
  for (const holder of holders) {
    await vi.waitFor(() => expect(mailsTo(service, holder.email)).toMatchObject([{ subject }]), SOON)
  }
  const [mail] = mailsTo(service, holders[1]?.email ?? '')
  for (const words of ['Saturday, 17 July 2027', '19:30 CEST', 'Park Śląski', 'give them back until Thursday']) {
    expect(mail?.html).toContain(words)
    expect(mail?.text).toContain(words)
  }
  expect(await service.rows(stranger.userId)).toEqual([])
})

test('what nobody needs to know of an event is not told', async () => {
  const before = await service.consumed('EVENT_UPDATED', 'done')
  await service.tell(eventUpdated, { ...snapshotOf(service), changed: ['name', 'description', 'imageUrl'] })
  await vi.waitFor(async () => expect(await service.consumed('EVENT_UPDATED', 'done')).toBe(before + 1), SOON)
  expect(await service.deps.prisma.announcement.count({ where: { doneAt: null } })).toBe(0)
  expect(service.world.holderPages).toEqual([])
})

test('a cancelled event is told with the organizer’s reason, and a change of it is not told any more', async () => {
  const holder = await service.user({ locale: 'en' })
  service.world.holders = [holder.userId]
  service.world.event.status = 'CANCELLED'
  const event = snapshotOf(service)
  await service.tell(eventUpdated, { ...event, changed: ['eventDate'] })
  await service.tell(eventCancelled, { ...event, eventName: event.name, cancellationReason: 'A storm is <coming>.' })
  await vi.waitFor(async () => expect(await service.rows(holder.userId)).toMatchObject([{ status: 'SENT' }]), SOON)
  await vi.waitFor(async () => expect(await service.deps.prisma.announcement.count({ where: { doneAt: null } })).toBe(0), SOON)
  await vi.waitFor(async () => expect(await service.rows(holder.userId)).toHaveLength(1), SOON)
  expect(mailsTo(service, holder.email)).toMatchObject([{ subject: 'Cancelled: Święto Świateł' }])
  const [mail] = mailsTo(service, holder.email)
  expect(mail?.text).toContain('A storm is <coming>.')
  expect(mail?.html).toContain('A storm is &lt;coming&gt;.')
  expect(mail?.text).toContain('goes back in full')
})

test('a long list of holders is gone through page by page, goes on where it stopped, and tells nobody twice', async () => {
  const first = await start()
  const users: UserId[] = []
  for (let count = 0; count < 230; count++) users.push((await first.user()).userId)
  first.world.holders = users
  first.world.holderPagesMax = 1
  first.work()
  const event = snapshotOf(first)
  await first.tell(eventCancelled, { ...event, eventName: event.name, cancellationReason: 'rain' })
  const told = () => first.deps.prisma.notification.groupBy({ by: 'recipientId', _count: true })
  await vi.waitFor(async () => expect(await told()).toHaveLength(100), SOON)
  // The ticket service refuses the second page for a while; then somebody else holds a ticket that comes first.
  await vi.waitFor(async () => {
    const [announcement] = await first.deps.prisma.announcement.findMany()
    expect(announcement).toMatchObject({ position: '100', holders: 100, doneAt: null, lease: null })
  }, SOON)
  first.world.holders = [...users.slice(0, 100), users[0] as UserId, ...users.slice(100)]
  first.world.holderPagesMax = Number.POSITIVE_INFINITY
  await vi.waitFor(async () => expect(await told()).toHaveLength(230), SOON)
  expect((await told()).every(({ _count }) => _count === 1)).toBe(true)
  expect(first.world.holderPages).toEqual([null, '100', '200'])
  await vi.waitFor(async () => {
    expect(await first.deps.prisma.announcement.findMany()).toMatchObject([{ doneAt: expect.any(Date), lease: null }])
  }, SOON)
  await vi.waitFor(async () => expect(first.ses.mails()).toHaveLength(230), { timeout: 20_000, interval: 100 })
}, 60_000)
