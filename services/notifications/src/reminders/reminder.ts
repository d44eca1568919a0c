import type {
  EventId,
  EventInfo,
  eventCancelled,
  eventPublished,
  eventUpdated,
  Message,
} from '@boxoffice/contracts'
import type { Announcement } from '../announcements/announcement.ts'
import { derivedId } from '../notifications/derived-id.ts'
import { encodePayload } from '../notifications/payloads.ts'

export interface ReminderConfig {
  /** How long before an event ticket holders are reminded; 0: no reminders. */
  reminderLeadMs: number
}

/** The schedule of an event's reminder, according to a message about the event. */
export interface Reminder {
  eventId: EventId
  /** The event's version; older ones change nothing. */
  version: number
  eventDate: Date
  /** The event is published and reminders are on. */
  isOn: boolean
  /** null: there is no reminder. */
  dueAt: Date | null
  leadMs: number
}

/**
 * Returns the reminder of an event that was published, changed or cancelled. There is none if its time had
 * passed when the message was sent: a just published event has no holders, and a new time has its own mail.
 */
export function reminderOf(
  message: Message<typeof eventPublished | typeof eventUpdated | typeof eventCancelled>,
  { reminderLeadMs: leadMs }: ReminderConfig,
): Reminder {
  const { payload, timestamp, aggregateVersion: version } = message
  const { eventId, eventDate, status } = payload
  const at = new Date(eventDate.getTime() - leadMs)
  const isOn = status === 'PUBLISHED' && message.eventType !== 'EVENT_CANCELLED' && leadMs > 0
  return { eventId, version, eventDate, isOn, dueAt: isOn && at > timestamp ? at : null, leadMs }
}

/** What to do with a due reminder: send it, postpone it, or drop it. */
export type Due = { remind: Announcement; eventDate: Date } | { laterAt: Date } | { none: true }

/**
 * Decides on a due reminder by the event's current state. A reminder has one id per date, so that each holder
 * is notified once.
 */
export function judgeDue(event: EventInfo | null, { now, leadMs }: { now: Date; leadMs: number }): Due {
  if (event?.status !== 'PUBLISHED' || event.eventDate <= now || leadMs === 0) return { none: true }
  const { eventId, eventDate } = event
  const laterAt = new Date(eventDate.getTime() - leadMs)
  // The event was postponed, and the message about it has not arrived yet.
  if (laterAt > now) return { laterAt }
  const announcementId = derivedId(`EVENT_REMINDER ${eventId} ${eventDate.toISOString()}`)
  return {
    eventDate,
    remind: {
      announcementId,
      type: 'EVENT_REMINDER',
      eventId,
      payload: encodePayload('EVENT_REMINDER', { eventId, eventDate }),
      correlationId: announcementId,
      createdAt: now,
    },
  }
}

/**
 * Whether an event has moved so far that a reminder of the old date is obsolete: a move by a lead time or
 * more has another reminder.
 */
export const isMoved = (writtenOf: Date, eventDate: Date, leadMs: number): boolean =>
  eventDate.getTime() - writtenOf.getTime() >= leadMs
