import type { EventId, eventsInternalRoutes, eventsRoutes } from '@boxoffice/contracts'
import { cursorFields, defineCursor, type Handlers, refuse, refuseUnknown } from '@boxoffice/service-kit'
import type { EditDeps } from './edit.ts'
import { cancelEvent, changeEvent, createEvent, deleteEvent, type Edited, publishEvent } from './edit.ts'
import { isVisibleTo, toPublic } from './event.ts'
import { findEvent, findEvents, listOfOrganizer } from './event-repository.ts'
import { searchPublished } from './search-repository.ts'

type Deps = EditDeps

const newest = defineCursor({ at: cursorFields.instant, id: cursorFields.id })
const ranked = defineCursor({ at: cursorFields.instant, id: cursorFields.id, rank: cursorFields.rank })

/** Why an edit was not made, as an answer. */
function refusalOf({ why, reasons }: Extract<Edited, { edited: false }>, eventId: EventId) {
  switch (why) {
    case 'NOT_FOUND':
      return refuseUnknown('EVENT', eventId)
    case 'VENUE_NOT_FOUND':
      return refuse(404, 'VENUE_NOT_FOUND', 'no such venue')
    case 'NOT_YOURS':
      return refuse(403, 'FORBIDDEN', 'this is another organizer’s event')
    case 'NOT_EDITABLE':
      return refuse(409, 'EVENT_NOT_EDITABLE', 'the event is over or cancelled')
    case 'NOT_DRAFT':
      return refuse(409, 'EVENT_NOT_DRAFT', 'only drafts are deleted: cancel the event')
    case 'NOT_CANCELLABLE':
      return refuse(409, 'EVENT_NOT_CANCELLABLE', 'only an event on sale is cancelled')
    case 'NOT_PUBLISHABLE':
      return refuse(409, 'EVENT_NOT_PUBLISHABLE', `the event cannot be published: ${reasons?.join(', ')}`, {
        reasons,
      })
  }
}

type EventRoutes = Omit<
  typeof eventsRoutes,
  'putSeatingPlan' | 'getSeatingPlan' | 'createVenue' | 'listVenues'
>

export function eventHandlers(deps: Deps): Handlers<EventRoutes> {
  const { db, cache, now } = deps
  return {
    async listEvents({ query }) {
      const after = ranked.decode(query.cursor)
      const { events, nextCursor } = await cache.page(query, async () => {
        const found = await searchPublished(db, query, { after, now: now() })
        const { page, nextCursor } = ranked.pageOf(found, query.limit, ({ event, rank }) => ({
          at: event.eventDate,
          id: event.eventId,
          rank,
        }))
        return { events: page.map(({ event }) => event), nextCursor }
      })
      return { status: 200, body: { events: events.map(toPublic), nextCursor } }
    },
    async createEvent({ body, principal, resourceId }) {
      const made = await createEvent(deps, resourceId as EventId, principal.userId, body)
      if (made.edited) return { status: 201, body: toPublic(made.event) }
      return refuse(404, 'VENUE_NOT_FOUND', 'no such venue')
    },
    async listMyEvents({ query, principal }) {
      const rows = await listOfOrganizer(db, principal.userId, query.limit, newest.decode(query.cursor))
      const { page, nextCursor } = newest.pageOf(rows, query.limit, ({ createdAt, eventId }) => ({
        at: createdAt,
        id: eventId,
      }))
      return { status: 200, body: { events: page.map(toPublic), nextCursor } }
    },
    async getEvent({ params, principal }) {
      const event = await cache.event(params.eventId, () => findEvent(db, params.eventId))
      return event && isVisibleTo(event, principal?.userId)
        ? { status: 200, body: toPublic(event) }
        : refuseUnknown('EVENT', params.eventId)
    },
    async updateEvent({ params, body, principal }) {
      const changed = await changeEvent(deps, params.eventId, principal.userId, body)
      return changed.edited
        ? { status: 200, body: toPublic(changed.event) }
        : refusalOf(changed, params.eventId)
    },
    async deleteEvent({ params, principal }) {
      const deleted = await deleteEvent(deps, params.eventId, principal.userId)
      return deleted.edited ? { status: 204, body: undefined } : refusalOf(deleted, params.eventId)
    },
    async cancelEvent({ params, body, principal }) {
      const cancelled = await cancelEvent(deps, params.eventId, principal.userId, body.cancellationReason)
      return cancelled.edited
        ? { status: 200, body: toPublic(cancelled.event) }
        : refusalOf(cancelled, params.eventId)
    },
    async publishEvent({ params, principal }) {
      const published = await publishEvent(deps, params.eventId, principal.userId)
      return published.edited
        ? { status: 200, body: toPublic(published.event) }
        : refusalOf(published, params.eventId)
    },
  }
}

/** For other services, past the cache: what they decide by must be what is true now. */
export function eventInternalHandlers({
  db,
}: Deps): Handlers<Omit<typeof eventsInternalRoutes, 'getSeatingPlanInfo'>> {
  return {
    async getEventInfo({ params }) {
      const event = await findEvent(db, params.eventId)
      return event ? { status: 200, body: event } : refuseUnknown('EVENT', params.eventId)
    },
    async validateOrganizer({ params: { eventId, userId } }) {
      const event = await findEvent(db, eventId)
      return event
        ? { status: 200, body: { isOrganizer: event.organizerId === userId, eventId, userId } }
        : refuseUnknown('EVENT', eventId)
    },
    async getEventInfos({ body }) {
      return { status: 200, body: { events: await findEvents(db, body.eventIds) } }
    },
  }
}
