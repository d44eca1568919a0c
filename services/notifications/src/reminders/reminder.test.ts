import type { EventInfo, EventStatus } from '@boxoffice/contracts'
import { expect, test } from 'vitest'
import { judgeDue, reminderOf } from './reminder.ts'

const HOUR_MS = 3_600_000
const leadMs = 24 * HOUR_MS
const config = { reminderLeadMs: leadMs }
const eventDate = new Date('2027-07-17T17:30:00Z')
const before = (hours: number) => new Date(eventDate.getTime() - hours * HOUR_MS)
const saidAt = (timestamp: Date, status: EventStatus = 'PUBLISHED', eventType = 'EVENT_UPDATED') =>
  ({
    eventType,
    timestamp,
    aggregateVersion: 3,
    payload: { eventId: 'e', eventDate, status },
  }) as unknown as Parameters<typeof reminderOf>[0]

test('holders are reminded a day before their event', () => {
  expect(reminderOf(saidAt(before(100)), config)).toMatchObject({ version: 3, isOn: true, dueAt: before(24) })
})

test.each([
  ['of an event published within a day', saidAt(before(23), 'PUBLISHED', 'EVENT_PUBLISHED'), config],
  ['of a draft', saidAt(before(100), 'DRAFT'), config],
  ['of a cancelled event', saidAt(before(100), 'CANCELLED', 'EVENT_CANCELLED'), config],
  ['if reminders are off', saidAt(before(100)), { reminderLeadMs: 0 }],
])('there is no reminder %s', (_, message, of) => {
  expect(reminderOf(message, of).dueAt).toBeNull()
})

const event = { eventId: '0f8b7c1e-3f57-4f0a-9a53-0c2b7b7e1d11', eventDate, status: 'PUBLISHED' } as EventInfo
const due = (change: Partial<EventInfo> | null, now: Date) =>
  judgeDue(change && { ...event, ...change }, { now, leadMs })

test('the reminder of one date has one id, and that of another has another', () => {
  const ids = [due({}, before(24)), due({}, before(2)), due({ eventDate: before(1) }, before(24))].map(
    (one) => ('remind' in one ? one.remind.announcementId : null),
  )
  expect(ids[0]).toBe(ids[1])
  expect(new Set(ids).size).toBe(2)
  expect(ids).not.toContain(null)
})

test('a postponed event is reminded of later, a deleted, past or cancelled one never', () => {
  expect(due({}, before(30))).toEqual({ laterAt: before(24) })
  for (const none of [
    due(null, before(24)),
    due({ status: 'CANCELLED' }, before(24)),
    due({}, before(-1)),
    due({}, eventDate),
  ]) {
    expect(none).toEqual({ none: true })
  }
})
