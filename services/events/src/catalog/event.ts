import {
  type Event,
  EventCategory,
  type EventChanges,
  type EventId,
  type EventInfo,
  earlierOf,
  overAt,
  type UserId,
  type VenueId,
} from '@boxoffice/contracts'
import type { Event as Row } from '../generated/prisma/client.ts'

export const toEventInfo = (row: Omit<Row, 'search' | 'searchRules'>): EventInfo => ({
  eventId: row.id as EventId,
  organizerId: row.organizerId as UserId,
  name: row.name,
  description: row.description,
  eventDate: row.eventDate,
  ...(row.endDate && { endDate: row.endDate }),
  timeZone: row.timeZone,
  venueId: row.venueId as VenueId,
  venueName: row.venueName,
  venueAddress: row.venueAddress,
  category: EventCategory.parse(row.category),
  status: row.status,
  ...(row.imageUrl && { imageUrl: row.imageUrl }),
  // It depends on the event's dates: the stored value may be later if the event was moved since.
  ...(row.refundableUntil && { refundableUntil: earlierOf(row.refundableUntil, overAt(row)) }),
  ...(row.cancellationReason && { cancellationReason: row.cancellationReason }),
  createdAt: row.createdAt,
  updatedAt: row.updatedAt,
  version: row.version,
})

/** Returns the public event, without its version. */
export function toPublic({ version: _, ...event }: EventInfo): Event {
  return event
}

/** Returns the event as its messages carry it. */
export function snapshotOf(event: EventInfo) {
  const {
    eventId,
    organizerId,
    name,
    eventDate,
    endDate,
    timeZone,
    venueId,
    venueName,
    venueAddress,
    status,
  } = event
  const { refundableUntil } = event
  return {
    eventId,
    organizerId,
    name,
    eventDate,
    endDate,
    timeZone,
    venueId,
    venueName,
    venueAddress,
    status,
    refundableUntil,
  }
}

/** Whether a caller may see that the event exists. */
export const isVisibleTo = (event: EventInfo, userId: UserId | undefined): boolean =>
  event.status !== 'DRAFT' || event.organizerId === userId

/**
 * Returns why this user may not change an event: they may not see it, or it is another organizer's. Null if
 * they may.
 */
export function objectionToEditor(event: EventInfo | null, userId: UserId): 'NOT_FOUND' | 'NOT_YOURS' | null {
  if (!event || !isVisibleTo(event, userId)) return 'NOT_FOUND'
  return event.organizerId === userId ? null : 'NOT_YOURS'
}

/** Returns why an event cannot be put on sale; empty if it can. */
export function reasonsNotToPublish(event: EventInfo, now: Date): string[] {
  const reasons: string[] = []
  if (event.status !== 'DRAFT') reasons.push(`it is ${event.status}`)
  if (event.eventDate <= now) reasons.push('eventDate has passed')
  if (event.description === '') reasons.push('description is empty')
  return reasons
}

/** Returns what would be wrong with the changed event; null if nothing. */
export function objectionTo(
  event: EventInfo,
  changes: EventChanges,
  now: Date,
): { path: string; message: string } | null {
  const eventDate = changes.eventDate ?? event.eventDate
  const endDate = changes.endDate === undefined ? event.endDate : changes.endDate
  if (endDate && endDate <= eventDate) return { path: 'body.endDate', message: 'must be after eventDate' }
  const moves = eventDate.getTime() !== event.eventDate.getTime()
  if (event.status === 'PUBLISHED' && moves && eventDate <= now) {
    return { path: 'body.eventDate', message: 'must be in the future: the event is on sale' }
  }
  if (event.status === 'PUBLISHED' && changes.description === '') {
    return { path: 'body.description', message: 'must not be empty: the event is on sale' }
  }
  const { refundableUntil } = changes
  const promised = promisedUntil(event, { eventDate, endDate })
  if (promised && refundableUntil !== undefined && (refundableUntil === null || refundableUntil < promised)) {
    const message = `must not be before ${promised.toISOString()}: tickets may have been bought with it`
    return { path: 'body.refundableUntil', message }
  }
  return null
}

/**
 * Returns the refund deadline that sold tickets were promised, with these dates: as long before the event as
 * promised.
 */
function promisedUntil(
  { status, eventDate, refundableUntil }: EventInfo,
  dates: { eventDate: Date; endDate?: Date | null | undefined },
): Date | null {
  if (status !== 'PUBLISHED' || !refundableUntil) return null
  const earlierMs = Math.max(0, eventDate.getTime() - dates.eventDate.getTime())
  return earlierOf(new Date(refundableUntil.getTime() - earlierMs), overAt(dates))
}

/** Returns the names of fields whose values change, including dependent ones. */
export function changedFields(
  event: EventInfo,
  changes: Partial<Record<keyof EventInfo, unknown>>,
): string[] {
  const plain = (value: unknown) => (value instanceof Date ? value.getTime() : (value ?? null))
  const given = Object.entries(changes).filter(([, value]) => value !== undefined)
  const changed = { ...event, ...Object.fromEntries(given) } as EventInfo
  const { refundableUntil } = changed
  const after: EventInfo = {
    ...changed,
    ...(refundableUntil && { refundableUntil: earlierOf(refundableUntil, overAt(changed)) }),
  }
  return [...new Set([...given.map(([name]) => name), 'refundableUntil'])].filter(
    (name) => plain(after[name as keyof EventInfo]) !== plain(event[name as keyof EventInfo]),
  )
}
