import type { EventId, NotificationId } from '@boxoffice/contracts'
import { expect, test } from 'vitest'
import type { ShownEvent } from '../mails/mail.ts'
import { pushMessageOf } from './push-message.ts'

const HOUR_S = 3_600
const now = new Date('2026-11-30T12:00:00Z')
const eventIn = (seconds: number): ShownEvent => ({
  name: 'Święto Świateł',
  eventDate: new Date(now.getTime() + seconds * 1_000),
  timeZone: 'Europe/Warsaw',
  venueName: 'Park Śląski',
  venueAddress: 'Różana 2, Chorzów',
})
const about = {
  notificationId: '0f8b7c1e-3f57-4f0a-9a53-0c2b7b7e1d11' as NotificationId,
  publicUrl: 'https://boxoffice.example',
  now,
}
const eventId = '0f8b7c1e-3f57-4f0a-9a53-0c2b7b7e1d12' as EventId

test.each([
  [30 * HOUR_S, 24 * HOUR_S],
  [2 * HOUR_S, 2 * HOUR_S],
  [0.9, 0],
  [-5, 0],
])('a reminder of an event that begins in %d s is kept for %d s', (seconds, ttlSeconds) => {
  const type = 'EVENT_REMINDER'
  const payload = { eventId, eventDate: eventIn(seconds).eventDate } as never
  expect(pushMessageOf(type, eventIn(seconds), payload, { ...about, type })).toMatchObject({
    ttlSeconds,
    urgency: 'normal',
  })
})

test('a cancellation of an event that begins soon is kept as long as any', () => {
  const type = 'EVENT_CANCELLED'
  const message = pushMessageOf(type, eventIn(60), { eventId } as never, { ...about, type })
  expect(message).toMatchObject({ ttlSeconds: 72 * HOUR_S, urgency: 'high' })
})
