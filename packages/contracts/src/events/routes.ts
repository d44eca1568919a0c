import * as z from 'zod'
import { defineRoute, Empty, NextCursor, Page, Refusal, refusalWith } from '../http/define-route.ts'
import { EventId } from '../values/ids.ts'
import { line, Words } from '../values/text.ts'
import { Event, EventChanges, EventQuery, NewEvent } from './event.ts'
import { NewSeatingPlan, SEATING_PLAN_BYTES_MAX, SeatingPlan } from './seating-plan.ts'
import { NewVenue, Venue } from './venue.ts'

const params = z.object({ eventId: EventId })
const Events = z.object({ events: z.array(Event), nextCursor: NextCursor })

export const eventsRoutes = {
  listEvents: defineRoute({
    method: 'GET',
    path: '/api/events',
    summary: 'Published events: the next first, with `query` the best match first',
    access: 'anyone',
    query: EventQuery,
    responses: { 200: Events },
  }),
  createEvent: defineRoute({
    method: 'POST',
    path: '/api/events',
    summary: 'Make a draft',
    access: 'organizer',
    body: NewEvent,
    responses: { 201: Event, 404: Refusal },
  }),
  listMyEvents: defineRoute({
    method: 'GET',
    path: '/api/events/mine',
    summary: "The organizer's own events, in every state, the newest first",
    access: 'organizer',
    query: Page,
    responses: { 200: Events },
  }),
  getEvent: defineRoute({
    method: 'GET',
    path: '/api/events/:eventId',
    summary: 'One event; a draft is there for its organizer alone',
    access: 'visitor',
    params,
    responses: { 200: Event, 404: Refusal },
  }),
  updateEvent: defineRoute({
    method: 'PATCH',
    path: '/api/events/:eventId',
    summary: 'Change an event; null removes what is optional',
    access: 'organizer',
    params,
    body: EventChanges,
    responses: { 200: Event, 400: Refusal, 403: Refusal, 404: Refusal, 409: Refusal },
  }),
  deleteEvent: defineRoute({
    method: 'DELETE',
    path: '/api/events/:eventId',
    summary: 'Delete a draft',
    access: 'organizer',
    params,
    responses: { 204: Empty, 403: Refusal, 404: Refusal, 409: Refusal },
  }),
  cancelEvent: defineRoute({
    method: 'POST',
    path: '/api/events/:eventId/cancel',
    summary: 'Cancel an event: everything sold is refunded',
    access: 'organizer',
    params,
    body: z.strictObject({ cancellationReason: line(500) }),
    responses: { 200: Event, 403: Refusal, 404: Refusal, 409: Refusal },
  }),
  createVenue: defineRoute({
    method: 'POST',
    path: '/api/events/venues',
    summary: 'Make a venue',
    access: 'organizer',
    body: NewVenue,
    responses: { 201: Venue },
  }),
  listVenues: defineRoute({
    method: 'GET',
    path: '/api/events/venues',
    summary: 'Venues by name, one’s own first',
    access: 'organizer',
    query: Page.extend({
      query: Words.meta({ description: 'beginnings of words of the name, the address or the city' }),
    }),
    responses: { 200: z.object({ venues: z.array(Venue), nextCursor: NextCursor }) },
  }),
  publishEvent: defineRoute({
    method: 'POST',
    path: '/api/events/:eventId/publish',
    summary: 'Put an event on sale',
    access: 'organizer',
    params,
    responses: {
      200: Event,
      403: Refusal,
      404: Refusal,
      409: refusalWith({ reasons: z.array(z.string()).optional() }),
    },
  }),
  putSeatingPlan: defineRoute({
    method: 'PUT',
    path: '/api/events/:eventId/seating-plan',
    summary: 'Give an event its seats; not any more once tickets are made of them',
    access: 'organizer',
    params,
    body: NewSeatingPlan,
    bodyLimitBytes: SEATING_PLAN_BYTES_MAX,
    bodyAsText: true,
    responses: { 200: SeatingPlan, 403: Refusal, 404: Refusal, 409: Refusal },
  }),
  getSeatingPlan: defineRoute({
    method: 'GET',
    path: '/api/events/:eventId/seating-plan',
    summary: 'The seats of an event; with `If-None-Match` 304 while nothing changes',
    access: 'visitor',
    params,
    query: z.object({
      planVersion: z.coerce.number().int().positive().optional().meta({
        description:
          'the version that a seat map names: an answer that may be kept for ever; 404 where another stands',
      }),
    }),
    responses: { 200: SeatingPlan, 304: Empty, 404: Refusal },
  }),
} as const
