import {
  type EventChanges,
  type EventId,
  type EventInfo,
  eventCreated,
  eventPublished,
  eventUpdated,
  type NewEvent,
  type UserId,
} from '@boxoffice/contracts'
import { RefusedError, refuse, sqlOf } from '@boxoffice/service-kit'
import type { Dependencies } from '../dependencies.ts'
import { changedFields, objectionTo, objectionToEditor, reasonsNotToPublish } from './event.ts'
import { type Db, ensureVenue, findEvent, findVenue, insertEvent, updateEvent, type Venue } from './event-repository.ts'

export type Edited =
  | { edited: true; event: EventInfo }
  | { edited: false; why: 'NOT_FOUND' | 'NOT_YOURS' | 'NOT_EDITABLE' | 'NOT_PUBLISHABLE' | 'VENUE_NOT_FOUND'; reasons?: string[] }

/** Make a draft. Repeated with the same id it is the same draft. */
export async function createEvent(deps: Dependencies, eventId: EventId, organizerId: UserId, body: NewEvent): Promise<Edited> {
  const made = await commit(deps, async (tx): Promise<Edited> => {
    const existing = await findEvent(tx, eventId)
    if (existing) return { edited: true, event: existing }
    const venue = await venueOf(deps, tx, organizerId, body)
    if (!venue) return { edited: false, why: 'VENUE_NOT_FOUND' }
    const { name, description, eventDate, endDate, timeZone = 'UTC', category, imageUrl, refundableUntil } = body
    const details = { name, description, eventDate, endDate, timeZone, category, imageUrl, refundableUntil }
    const now = deps.now()
    const event = await insertEvent(tx, { id: eventId, organizerId, ...details, ...venue, createdAt: now, updatedAt: now })
    await deps.messaging.append(sqlOf(tx), eventCreated, snapshotOf(event), { aggregateVersion: event.version })
    return { edited: true, event }
  })
  return made
}

/** Change an event. Throws a 400 where it would not make sense afterwards. */
export const changeEvent = (deps: Dependencies, eventId: EventId, userId: UserId, changes: EventChanges): Promise<Edited> =>
  edit(deps, eventId, userId, async (tx, event) => {
    if (event.status === 'CANCELLED' || event.status === 'COMPLETED') return { edited: false, why: 'NOT_EDITABLE' }
    const objection = objectionTo(event, changes, deps.now())
    if (objection) {
      throw new RefusedError(refuse(400, 'VALIDATION_FAILED', 'the request is not of its schema', { details: [objection] }))
    }
    const { venueId, venueName, venueAddress, ...rest } = changes
    const moves = venueId !== undefined || venueName !== undefined || venueAddress !== undefined
    const place = venueId
      ? { venueId }
      : { venueName: venueName ?? event.venueName, venueAddress: venueAddress ?? event.venueAddress }
    const venue = moves ? await venueOf(deps, tx, userId, place) : {}
    if (!venue) return { edited: false, why: 'VENUE_NOT_FOUND' }
    const data = { ...rest, ...venue }
    const changed = changedFields(event, data)
    if (changed.length === 0) return { edited: true, event }
    const updated = await updateEvent(tx, event, data, deps.now())
    if (!updated) return null
    await deps.messaging.append(
      sqlOf(tx),
      eventUpdated,
      { ...snapshotOf(updated), changed },
      { aggregateVersion: updated.version },
    )
    return { edited: true, event: updated }
  })

/** Put an event on sale; one that is already stays so. */
export const publishEvent = (deps: Dependencies, eventId: EventId, userId: UserId): Promise<Edited> =>
  edit(deps, eventId, userId, async (tx, event) => {
    if (event.status === 'PUBLISHED') return { edited: true, event }
    const reasons = reasonsNotToPublish(event, deps.now())
    if (reasons.length > 0) return { edited: false, why: 'NOT_PUBLISHABLE', reasons }
    const updated = await updateEvent(tx, event, { status: 'PUBLISHED' }, deps.now())
    if (!updated) return null
    await deps.messaging.append(sqlOf(tx), eventPublished, snapshotOf(updated), { aggregateVersion: updated.version })
    return { edited: true, event: updated }
  })

const ATTEMPTS = 5

/** Read, decide, change at the version that was read: again when somebody else was faster (null). */
async function edit(
  deps: Dependencies,
  eventId: EventId,
  userId: UserId,
  work: (tx: Db, event: EventInfo) => Promise<Edited | null>,
): Promise<Edited> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const edited = await commit(deps, async (tx) => {
      const event = await findEvent(tx, eventId)
      const why = objectionToEditor(event, userId)
      return event && !why ? work(tx, event) : { edited: false as const, why: why ?? ('NOT_FOUND' as const) }
    })
    if (edited) return edited
  }
  throw new RefusedError(refuse(503, 'SERVICE_UNAVAILABLE', 'others are changing this event at the moment: try again'))
}

/** A transaction; after it the relay looks, and what is cached of the event is replaced. */
async function commit<T extends Edited | null>(deps: Dependencies, work: (tx: Db) => Promise<T>): Promise<T> {
  const result = await deps.prisma.$transaction(work)
  deps.messaging.relay.nudge()
  if (result?.edited) await deps.cache.changed(result.event)
  return result
}

async function venueOf(
  deps: Dependencies,
  tx: Db,
  organizerId: UserId,
  { venueId, venueName, venueAddress }: { venueId?: Venue['venueId']; venueName?: string; venueAddress?: string },
): Promise<Venue | null> {
  if (venueId) return findVenue(tx, venueId, organizerId)
  return ensureVenue(tx, deps.newId(), organizerId, venueName ?? '', venueAddress ?? '')
}

function snapshotOf(event: EventInfo) {
  const { eventId, organizerId, name, eventDate, endDate, timeZone, venueId, venueName, venueAddress, status } = event
  const { refundableUntil } = event
  return { eventId, organizerId, name, eventDate, endDate, timeZone, venueId, venueName, venueAddress, status, refundableUntil }
}
