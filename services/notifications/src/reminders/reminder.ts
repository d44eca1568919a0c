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
  /** How long before an event whoever holds a ticket is reminded of it; 0: nobody is. */
  reminderLeadMs: number
}

/** When whoever holds a ticket of an event is to be reminded of it, as a message about the event has it. */
export interface Reminder {
  eventId: EventId
  /** Of the event: what is older changes nothing. */
  version: number
  eventDate: Date
  /** It is to be had. */
  isOn: boolean
  /** null: there is nobody to be reminded. */
  dueAt: Date | null
  leadMs: number
}

/**
 * The reminder of an event that was published, changed or cancelled. Where its time had passed when that was
 * said there is none: nobody has a ticket of an event that was published just now, and a new time has a mail
 * of its own.
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

/**
 * What is done of a reminder that is due, as the event is by now: everybody is reminded, later, or nobody.
 */
export type Due = { remind: Announcement; eventDate: Date } | { laterAt: Date } | { nobody: true }

/** The reminder of one date of an event has one id: however often it is due, each holder is told once. */
export function judgeDue(event: EventInfo | null, { now, leadMs }: { now: Date; leadMs: number }): Due {
  if (event?.status !== 'PUBLISHED' || event.eventDate <= now || leadMs === 0) return { nobody: true }
  const { eventId, eventDate } = event
  const laterAt = new Date(eventDate.getTime() - leadMs)
  // It was put off, and the message of that has not come yet.
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
 * Whether a reminder that was written of one date is of use for the date that the event has by now: one that
 * is moved by a lead or more has another reminder.
 */
export const isMoved = (writtenOf: Date, eventDate: Date, leadMs: number): boolean =>
  eventDate.getTime() - writtenOf.getTime() >= leadMs
