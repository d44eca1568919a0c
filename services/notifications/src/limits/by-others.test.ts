import type { EventId, NotificationId, TicketId, UserId } from '@boxoffice/contracts'
import { expect, test } from 'vitest'
import { delayOf, gathered, isAboutSame, kindOf, type Limited, type Placed } from './by-others.ts'

const id = <T extends string>() => crypto.randomUUID() as string as T
const now = new Date('2026-12-04T12:00:00Z')
const minutes = (count: number) => new Date(now.getTime() + count * 60_000)
const [eventId, otherEvent] = [id<EventId>(), id<EventId>()]
const about = (over: Partial<Limited>): Limited => ({
  notificationId: id<NotificationId>(),
  type: 'EVENT_UPDATED',
  channel: 'EMAIL',
  eventId,
  recipientId: id<UserId>(),
  requestedBy: null,
  resendOf: null,
  payload: { eventId, changed: ['eventDate'] },
  ...over,
})
const received = (newTicketId = id<TicketId>(), more?: TicketId[]) =>
  about({
    type: 'TICKET_TRANSFERRED',
    payload: { side: 'RECEIVED', eventId, newTicketId, ...(more && { more }) },
  })
const placed = (minute: number, over: Partial<Placed> = {}): Placed => ({
  notificationId: id(),
  type: 'EVENT_UPDATED',
  channel: 'EMAIL',
  eventId,
  placedAt: minutes(minute),
  ...over,
})

test.each([
  ['a changed event', about({}), 'EVENT_CHANGES'],
  ['a stopped ticket', about({ type: 'TICKETS_STOPPED' }), 'EVENT_CHANGES'],
  ['a received ticket', received(), 'TRANSFERS'],
  [
    'a ticket that the reader passed on',
    about({ type: 'TICKET_TRANSFERRED', payload: { side: 'SENT' } }),
    null,
  ],
  ['an offer', about({ type: 'TICKET_TRANSFERRED', recipientId: null, payload: { side: 'OFFERED' } }), null],
  ['a request of a service', about({ requestedBy: 'event-service' }), null],
  ['what an operator sends again', about({ resendOf: id<NotificationId>() }), null],
  ['a cancelled event', about({ type: 'EVENT_CANCELLED' }), null],
  ['a refund', about({ type: 'REFUND_PROCESSED' }), null],
  ['bought tickets', about({ type: 'ORDER_CONFIRMATION' }), null],
])('%s: %#', (_, one, kind) => {
  expect(kindOf(one)).toBe(kind)
})

const waitOf = (one: Limited, before: readonly Placed[], perDay = 10) =>
  delayOf(one, before, { perDay, now }).waitMs / 60_000

test('two changes of an event go at once, each further one waits twice as long, to 8 hours', () => {
  const waits = Array.from({ length: 10 }, (_, count) =>
    waitOf(
      about({}),
      Array.from({ length: count }, () => placed(0)),
      50,
    ),
  )
  expect(waits).toEqual([0, 0, 15, 30, 60, 120, 240, 480, 480, 480])
  expect(waitOf(about({}), [placed(-14), placed(-10)])).toBe(5)
  expect(waitOf(about({}), [placed(-60), placed(-15)])).toBe(0)
})

test('another event, type or channel has its own two', () => {
  const before = [placed(0), placed(0), placed(0)]
  expect(waitOf(about({}), before)).toBe(30)
  expect(waitOf(about({ eventId: otherEvent }), before)).toBe(0)
  expect(waitOf(about({ type: 'TICKETS_STOPPED' }), before)).toBe(0)
  expect(waitOf(about({ channel: 'SMS' }), before)).toBe(0)
})

test('changes of all events share a daily limit, received tickets have another', () => {
  const before = Array.from({ length: 3 }, (_, index) => placed(-index, { eventId: id<EventId>() }))
  expect(waitOf(about({}), before, 3)).toBe(15)
  expect(waitOf(received(), before, 3)).toBe(0)
  const tickets = before.map((one) => ({ ...one, type: 'TICKET_TRANSFERRED' as const }))
  expect(delayOf(received(), tickets, { perDay: 3, now })).toEqual({ waitMs: 900_000, gathers: true })
  expect(delayOf(received(), tickets, { perDay: 4, now })).toEqual({ waitMs: 0, gathers: false })
})

test('an admitted notification does not count against itself', () => {
  const one = about({})
  expect(waitOf(one, [placed(0), placed(0, { notificationId: one.notificationId })])).toBe(0)
})

test('notifications about the same are merged: all changes, all tickets, each once', () => {
  const place = about({ payload: { eventId, changed: ['venueName', 'eventDate'] } })
  expect(gathered(about({}), [place])).toEqual({ eventId, changed: ['venueName', 'eventDate'] })
  const [first, second, third] = [id<TicketId>(), id<TicketId>(), id<TicketId>()]
  const stops = [
    about({
      type: 'TICKETS_STOPPED',
      payload: { eventId, ticketIds: [first, second], state: 'STOPPED', reason: 'ORGANIZER' },
    }),
    about({ type: 'TICKETS_STOPPED', payload: { eventId, ticketIds: [first], state: 'REINSTATED' } }),
  ] as const
  expect(gathered(stops[1], [stops[0]])).toEqual({ eventId, ticketIds: [first, second], state: 'CHANGED' })
  expect(gathered(stops[1], [])).toBe(stops[1].payload)
  const all = gathered(received(third), [received(second, [first]), received(third)])
  expect(all).toEqual({ side: 'RECEIVED', eventId, newTicketId: third, more: [first, second] })
  expect(isAboutSame(received(), received())).toBe(true)
  expect(isAboutSame(received(), about({}))).toBe(false)
  expect(isAboutSame(about({}), about({ eventId: otherEvent }))).toBe(false)
})
