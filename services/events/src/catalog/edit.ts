import {
  type EventChanges,
  type EventId,
  type EventInfo,
  eventCancelled,
  eventCreated,
  eventDeleted,
  eventPublished,
  eventUpdated,
  type NewEvent,
  SERVICE_UNAVAILABLE,
  type UserId,
  VALIDATION_FAILED,
  type Venue,
  type VenueId,
} from '@boxoffice/contracts'
import type { Messaging } from '@boxoffice/messaging'
import { RefusedError, refuse } from '@boxoffice/service-kit'
import type { EventCache } from '../cache/event-cache.ts'
import type { Database, Tx } from '../database.ts'
import { ensureVenue, findVenue, listVenueOf } from '../venues/venue-repository.ts'
import { changedFields, objectionTo, objectionToEditor, reasonsNotToPublish, snapshotOf } from './event.ts'
import { findEvent, insertEvent, removeEvent, updateEvent } from './event-repository.ts'
import type { TicketsOfEvent } from './tickets-of-event.ts'

export interface EditDeps {
  cache: EventCache
  db: Database
  messaging: Pick<Messaging, 'append'>
  newId: () => string
  now: () => Date
  tickets: TicketsOfEvent
}

/** `Why`: the reasons for which an edit may be refused. */
export type Edited<Why extends Objection = Objection> =
  | { edited: true; event: EventInfo; deleted?: true }
  | { edited: false; why: Why; reasons?: string[] }
export type Objection =
  | ToEditor
  | 'NOT_EDITABLE'
  | 'NOT_PUBLISHABLE'
  | 'NOT_CANCELLABLE'
  | 'NOT_DRAFT'
  | 'VENUE_NOT_FOUND'
type ToEditor = 'NOT_FOUND' | 'NOT_YOURS'

/** Creates a draft. Idempotent by id. */
export async function createEvent(
  deps: EditDeps,
  eventId: EventId,
  organizerId: UserId,
  body: NewEvent,
): Promise<Edited<'VENUE_NOT_FOUND'>> {
  const made = await commit(deps, async (tx): Promise<Edited<'VENUE_NOT_FOUND'>> => {
    const existing = await findEvent(tx, eventId)
    if (existing) return { edited: true, event: existing }
    const venue = await venueOf(deps, tx, organizerId, body)
    if (!venue) return { edited: false, why: 'VENUE_NOT_FOUND' }
    const {
      venueId: _,
      venueName: __,
      venueAddress: ___,
      timeZone = venue.timeZone ?? 'UTC',
      ...details
    } = body
    const now = deps.now()
    const times = { createdAt: now, updatedAt: now }
    const event = await insertEvent(tx, {
      id: eventId,
      organizerId,
      ...details,
      timeZone,
      ...placeOf(venue),
      ...times,
    })
    await deps.messaging.append(tx, eventCreated, snapshotOf(event), { aggregateVersion: event.version })
    return { edited: true, event }
  })
  return made
}

/** Changes an event. Throws a 400 if the result would be inconsistent. */
export const changeEvent = (
  deps: EditDeps,
  eventId: EventId,
  userId: UserId,
  changes: EventChanges,
): Promise<Edited<ToEditor | 'NOT_EDITABLE' | 'VENUE_NOT_FOUND'>> =>
  edit(deps, eventId, userId, async (tx, event) => {
    if (event.status === 'CANCELLED' || event.status === 'COMPLETED')
      return { edited: false, why: 'NOT_EDITABLE' }
    const objection = objectionTo(event, changes, deps.now())
    if (objection) {
      throw new RefusedError(refuse(VALIDATION_FAILED, { details: [objection] }))
    }
    const { venueId, venueName, venueAddress, ...rest } = changes
    const moves = venueId !== undefined || venueName !== undefined || venueAddress !== undefined
    const place = venueId
      ? { venueId }
      : { venueName: venueName ?? event.venueName, venueAddress: venueAddress ?? event.venueAddress }
    const venue = moves ? await venueOf(deps, tx, userId, place) : null
    if (moves && !venue) return { edited: false, why: 'VENUE_NOT_FOUND' }
    const data = { ...rest, ...(venue && placeOf(venue)) }
    const changed = changedFields(event, data)
    if (changed.length === 0) return { edited: true, event }
    const updated = await updateEvent(tx, event, data, deps.now())
    if (!updated) return null
    if (venue && updated.status === 'PUBLISHED') await listVenueOf(tx, venue)
    await deps.messaging.append(
      tx,
      eventUpdated,
      { ...snapshotOf(updated), changed },
      { aggregateVersion: updated.version },
    )
    return { edited: true, event: updated }
  })

/** Puts an event on sale. Idempotent. */
export const publishEvent = (
  deps: EditDeps,
  eventId: EventId,
  userId: UserId,
): Promise<Edited<ToEditor | 'NOT_PUBLISHABLE'>> =>
  edit(deps, eventId, userId, async (tx, event) => {
    if (event.status === 'PUBLISHED') return { edited: true, event }
    const reasons = reasonsNotToPublish(event, deps.now())
    if (reasons.length > 0) return { edited: false, why: 'NOT_PUBLISHABLE', reasons }
    const updated = await updateEvent(tx, event, { status: 'PUBLISHED' }, deps.now())
    if (!updated) return null
    await listVenueOf(tx, updated)
    await deps.messaging.append(tx, eventPublished, snapshotOf(updated), {
      aggregateVersion: updated.version,
    })
    return { edited: true, event: updated }
  })

/**
 * Cancels an event permanently; a cancelled one keeps its first reason. The affected tickets are counted
 * first, by the ticket service: nothing is sold after the commit. If that service is unavailable, the number
 * is left out.
 */
export async function cancelEvent(
  deps: EditDeps,
  eventId: EventId,
  userId: UserId,
  cancellationReason: string,
): Promise<Edited<ToEditor | 'NOT_CANCELLABLE'>> {
  const known = await findEvent(deps.db, eventId)
  const isTheirs = known?.status === 'PUBLISHED' && known.organizerId === userId
  const affectedTicketCount = isTheirs ? await deps.tickets.count(eventId) : undefined
  return edit(deps, eventId, userId, async (tx, event) => {
    if (event.status === 'CANCELLED') return { edited: true, event }
    if (event.status !== 'PUBLISHED') return { edited: false, why: 'NOT_CANCELLABLE' }
    const updated = await updateEvent(tx, event, { status: 'CANCELLED', cancellationReason }, deps.now())
    if (!updated) return null
    const payload = {
      ...snapshotOf(updated),
      eventName: updated.name,
      cancellationReason,
      affectedTicketCount,
    }
    await deps.messaging.append(tx, eventCancelled, payload, { aggregateVersion: updated.version })
    return { edited: true, event: updated }
  })
}

/**
 * Deletes a draft with its seating plan. No tickets exist, so only services with replicas of events are
 * notified.
 */
export const deleteEvent = (
  deps: EditDeps,
  eventId: EventId,
  userId: UserId,
): Promise<Edited<ToEditor | 'NOT_DRAFT'>> =>
  edit(deps, eventId, userId, async (tx, event) => {
    if (event.status !== 'DRAFT') return { edited: false, why: 'NOT_DRAFT' }
    if (!(await removeEvent(tx, event))) return null
    const { organizerId, version } = event
    await deps.messaging.append(tx, eventDeleted, { eventId, organizerId }, { aggregateVersion: version + 1 })
    return { edited: true, event, deleted: true }
  })

const ATTEMPTS = 5

/** Reads, decides, and updates the version that was read; retries (null) after a concurrent change. */
async function edit<Why extends Objection>(
  deps: EditDeps,
  eventId: EventId,
  userId: UserId,
  work: (tx: Tx, event: EventInfo) => Promise<Edited<Why> | null>,
): Promise<Edited<ToEditor | Why>> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const edited = await commit(deps, async (tx): Promise<Edited<ToEditor | Why> | null> => {
      const event = await findEvent(tx, eventId)
      const why = objectionToEditor(event, userId)
      return event && !why ? work(tx, event) : { edited: false as const, why: why ?? ('NOT_FOUND' as const) }
    })
    if (edited) return edited
  }
  throw new RefusedError(
    refuse(SERVICE_UNAVAILABLE, { message: 'others are changing this event at the moment: try again' }),
  )
}

/** Commits a change, then updates the cache and the replica of the ticket service. */
async function commit<T extends Edited | null>(deps: EditDeps, work: (tx: Tx) => Promise<T>): Promise<T> {
  const result = await deps.db.transact(work)
  if (result?.edited)
    await (result.deleted ? deps.cache.removed(result.event.eventId) : deps.cache.changed(result.event))
  // The ticket service has no drafts; it asks for events that it does not know.
  if (result?.edited && result.event.status !== 'DRAFT') await deps.tickets.updateReplica(result.event)
  return result
}

async function venueOf(
  deps: EditDeps,
  tx: Tx,
  organizerId: UserId,
  { venueId, venueName, venueAddress }: { venueId?: VenueId; venueName?: string; venueAddress?: string },
): Promise<Venue | null> {
  if (venueId) return findVenue(tx, venueId, organizerId)
  const venue = { name: venueName ?? '', address: venueAddress ?? '', organizerId, createdAt: deps.now() }
  return ensureVenue(tx, { venueId: deps.newId() as VenueId, ...venue })
}

/** Returns the venue's fields that are stored with an event. */
const placeOf = ({ venueId, name, address, city }: Venue) => ({
  venueId,
  venueName: name,
  venueAddress: city && !address.includes(city) ? `${address}, ${city}` : address,
})
