import type { EventId, eventsInternalRoutes, eventsRoutes } from '@boxoffice/contracts'
import { decodeCursor, type Handlers, pageOf, refuse } from '@boxoffice/service-kit'
import { z } from 'zod'
import type { Dependencies } from '../dependencies.ts'
import { changeEvent, createEvent, type Edited, publishEvent } from './edit.ts'
import { isVisibleTo, toPublic } from './event.ts'
import { findEvent, findEvents, listOfOrganizer, listPublished } from './event-repository.ts'

const Position = z.object({ at: z.iso.datetime(), id: z.uuid() }).transform(({ at, id }) => ({ at: new Date(at), id }))
const notFound = () => refuse(404, 'EVENT_NOT_FOUND', 'no such event')

/** Why an edit was not made, as an answer. */
function refusalOf({ why, reasons }: Extract<Edited, { edited: false }>) {
  switch (why) {
    case 'NOT_FOUND':
      return notFound()
    case 'VENUE_NOT_FOUND':
      return refuse(404, 'VENUE_NOT_FOUND', 'no such venue of yours')
    case 'NOT_YOURS':
      return refuse(403, 'FORBIDDEN', 'this is another organizer’s event')
    case 'NOT_EDITABLE':
      return refuse(409, 'EVENT_NOT_EDITABLE', 'the event is over or cancelled')
    case 'NOT_PUBLISHABLE':
      return refuse(409, 'EVENT_NOT_PUBLISHABLE', `the event cannot be published: ${reasons?.join(', ')}`, { reasons })
  }
}

type EventRoutes = Omit<typeof eventsRoutes, 'putSeatingPlan' | 'getSeatingPlan'>

export function eventHandlers(deps: Dependencies): Handlers<EventRoutes> {
  const { prisma, cache, now } = deps
  return {
    async listEvents({ query }) {
      const after = decodeCursor(Position, query.cursor)
      const { events, nextCursor } = await cache.page(query, async () => {
        const rows = await listPublished(prisma, query, after, now())
        const { page, nextCursor } = pageOf(rows, query.limit, ({ eventDate, eventId }) => ({
          at: eventDate.toISOString(),
          id: eventId,
        }))
        return { events: page, nextCursor }
      })
      return { status: 200, body: { events: events.map(toPublic), nextCursor } }
    },
    async createEvent({ body, principal, resourceId }) {
      const made = await createEvent(deps, resourceId as EventId, principal.userId, body)
      if (made.edited) return { status: 201, body: toPublic(made.event) }
      return refuse(404, 'VENUE_NOT_FOUND', 'no such venue of yours')
    },
    async listMyEvents({ query, principal }) {
      const rows = await listOfOrganizer(prisma, principal.userId, query.limit, decodeCursor(Position, query.cursor))
      const { page, nextCursor } = pageOf(rows, query.limit, ({ createdAt, eventId }) => ({
        at: createdAt.toISOString(),
        id: eventId,
      }))
      return { status: 200, body: { events: page.map(toPublic), nextCursor } }
    },
    async getEvent({ params, principal }) {
      const event = await cache.event(params.eventId, () => findEvent(prisma, params.eventId))
      return event && isVisibleTo(event, principal?.userId) ? { status: 200, body: toPublic(event) } : notFound()
    },
    async updateEvent({ params, body, principal }) {
      const changed = await changeEvent(deps, params.eventId, principal.userId, body)
      return changed.edited ? { status: 200, body: toPublic(changed.event) } : refusalOf(changed)
    },
    async publishEvent({ params, principal }) {
      const published = await publishEvent(deps, params.eventId, principal.userId)
      return published.edited ? { status: 200, body: toPublic(published.event) } : refusalOf(published)
    },
  }
}

/** For other services, past the cache: what they decide by must be what is true now. */
export function eventInternalHandlers({
  prisma,
}: Dependencies): Handlers<Omit<typeof eventsInternalRoutes, 'getSeatingPlanInfo'>> {
  return {
    async getEventInfo({ params }) {
      const event = await findEvent(prisma, params.eventId)
      return event ? { status: 200, body: event } : notFound()
    },
    async validateOrganizer({ params: { eventId, userId } }) {
      const event = await findEvent(prisma, eventId)
      return event ? { status: 200, body: { isOrganizer: event.organizerId === userId, eventId, userId } } : notFound()
    },
    async getEventInfos({ body }) {
      return { status: 200, body: { events: await findEvents(prisma, body.eventIds) } }
    },
  }
}
