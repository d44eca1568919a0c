import {
  EVENT_NOT_CANCELLABLE,
  EVENT_NOT_DRAFT,
  EVENT_NOT_EDITABLE,
  EVENT_NOT_FOUND,
  EVENT_NOT_PUBLISHABLE,
  type EventId,
  type eventsInternalRoutes,
  type eventsRoutes,
  FORBIDDEN,
  VENUE_NOT_FOUND,
} from '@boxoffice/contracts'
import {
  cursorFields,
  defineCursor,
  type HandlerRefusal,
  type Handlers,
  refuse,
  refuseUnknown,
} from '@boxoffice/service-kit'
import {
  cancelEvent,
  changeEvent,
  createEvent,
  deleteEvent,
  type EditDeps,
  type Edited,
  type Objection,
  publishEvent,
} from './edit.ts'
import { isVisibleTo, toPublic } from './event.ts'
import { findEvent, findEvents, listOfOrganizer } from './event-repository.ts'
import { searchPublished } from './search-repository.ts'

type Deps = EditDeps

const newest = defineCursor({ at: cursorFields.instant, id: cursorFields.id })
const ranked = defineCursor({ at: cursorFields.instant, id: cursorFields.id, rank: cursorFields.rank })

/** Maps the reasons against an edit to refusals. */
const refusals = {
  NOT_FOUND: (eventId: EventId) => refuseUnknown(EVENT_NOT_FOUND, eventId),
  VENUE_NOT_FOUND: () => refuse(VENUE_NOT_FOUND),
  NOT_YOURS: () => refuse(FORBIDDEN, { message: 'this is another organizer’s event' }),
  NOT_EDITABLE: () => refuse(EVENT_NOT_EDITABLE),
  NOT_DRAFT: () => refuse(EVENT_NOT_DRAFT),
  NOT_CANCELLABLE: () => refuse(EVENT_NOT_CANCELLABLE),
  NOT_PUBLISHABLE: (_: EventId, reasons: string[] = []) =>
    refuse(EVENT_NOT_PUBLISHABLE, {
      message: `the event cannot be published: ${reasons.join(', ')}`,
      reasons,
    }),
} satisfies Record<Objection, (eventId: EventId, reasons?: string[]) => HandlerRefusal>

const refusalOf = <Why extends Objection>(
  { why, reasons }: Extract<Edited<Why>, { edited: false }>,
  eventId: EventId,
): ReturnType<(typeof refusals)[Why]> => refusals[why](eventId, reasons) as ReturnType<(typeof refusals)[Why]>

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
      return refuse(VENUE_NOT_FOUND)
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
        : refuseUnknown(EVENT_NOT_FOUND, params.eventId)
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

/** For other services, bypassing the cache: they need current data. */
export function eventInternalHandlers({
  db,
}: Deps): Handlers<Omit<typeof eventsInternalRoutes, 'getSeatingPlanInfo'>> {
  return {
    async getEventInfo({ params }) {
      const event = await findEvent(db, params.eventId)
      return event ? { status: 200, body: event } : refuseUnknown(EVENT_NOT_FOUND, params.eventId)
    },
    async validateOrganizer({ params: { eventId, userId } }) {
      const event = await findEvent(db, eventId)
      return event
        ? { status: 200, body: { isOrganizer: event.organizerId === userId, eventId, userId } }
        : refuseUnknown(EVENT_NOT_FOUND, eventId)
    },
    async getEventInfos({ body }) {
      return { status: 200, body: { events: await findEvents(db, body.eventIds) } }
    },
  }
}
