import type { EventId, eventCancelled, eventUpdated, Message } from '@boxoffice/contracts'
import { encodePayload } from '../notifications/payloads.ts'

/** A notification for every ticket holder of an event. `payload` is JSON. */
export interface Announcement {
  announcementId: string
  type: 'EVENT_UPDATED' | 'EVENT_CANCELLED' | 'EVENT_REMINDER'
  eventId: EventId
  payload: unknown
  correlationId: string
  createdAt: Date
}

const timeFields: readonly string[] = ['eventDate', 'endDate', 'timeZone']
const placeFields: readonly string[] = ['venueId', 'venueName', 'venueAddress']

/** Returns which changes matter to attendees: the time, the place, or both. */
export const whatMoved = (changed: readonly string[]) => ({
  time: changed.some((field) => timeFields.includes(field)),
  place: changed.some((field) => placeFields.includes(field)),
})

/** Returns the announcement of a new time or place; null if neither changed. */
export function updateOf(
  { messageId, correlationId, payload }: Message<typeof eventUpdated>,
  now: Date,
): Announcement | null {
  const { time, place } = whatMoved(payload.changed)
  if (!time && !place) return null
  return {
    announcementId: messageId,
    type: 'EVENT_UPDATED',
    eventId: payload.eventId,
    payload: encodePayload('EVENT_UPDATED', payload),
    correlationId,
    createdAt: now,
  }
}

/** Returns the announcement of a cancelled event. */
export const cancellationOf = (
  { messageId, correlationId, payload }: Message<typeof eventCancelled>,
  now: Date,
): Announcement => ({
  announcementId: messageId,
  type: 'EVENT_CANCELLED',
  eventId: payload.eventId,
  payload: encodePayload('EVENT_CANCELLED', payload),
  correlationId,
  createdAt: now,
})
