import * as z from 'zod'
import { defineRoute, Empty, NextCursor, Page } from '../http/define-route.ts'
import { FORBIDDEN, VALIDATION_FAILED } from '../http/refusals.ts'
import { EventId } from '../values/ids.ts'
import { line, Words } from '../values/text.ts'
import { Event, EventChanges, EventQuery, NewEvent } from './event.ts'
import {
  EVENT_NOT_CANCELLABLE,
  EVENT_NOT_DRAFT,
  EVENT_NOT_EDITABLE,
  EVENT_NOT_FOUND,
  EVENT_NOT_PUBLISHABLE,
  PLAN_IN_USE,
  SEATING_PLAN_NOT_FOUND,
  VENUE_NOT_FOUND,
} from './refusals.ts'
import { NewSeatingPlan, SEATING_PLAN_BYTES_MAX, SeatingPlan } from './seating-plan.ts'
import { NewVenue, Venue } from './venue.ts'

const params = z.object({ eventId: EventId })
const Events = z.object({ events: z.array(Event), nextCursor: NextCursor })

export const eventsRoutes = {
  listEvents: defineRoute({
    method: 'GET',
    path: '/api/events',
    summary: 'List published events: the next first, with `query` the best match first',
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
    responses: { 201: Event },
    refusals: [VENUE_NOT_FOUND],
  }),
  listMyEvents: defineRoute({
    method: 'GET',
    path: '/api/events/mine',
    summary: "List the organizer's own events in every state, newest first",
    access: 'organizer',
    query: Page,
    responses: { 200: Events },
  }),
  getEvent: defineRoute({
    method: 'GET',
    path: '/api/events/:eventId',
    summary: 'Get an event; a draft only for its organizer',
    access: 'visitor',
    params,
    responses: { 200: Event },
    refusals: [EVENT_NOT_FOUND],
  }),
  updateEvent: defineRoute({
    method: 'PATCH',
    path: '/api/events/:eventId',
    summary: 'Change an event; null removes an optional field',
    access: 'organizer',
    params,
    body: EventChanges,
    responses: { 200: Event },
    refusals: [VALIDATION_FAILED, FORBIDDEN, EVENT_NOT_FOUND, VENUE_NOT_FOUND, EVENT_NOT_EDITABLE],
  }),
  deleteEvent: defineRoute({
    method: 'DELETE',
    path: '/api/events/:eventId',
    summary: 'Delete a draft',
    access: 'organizer',
    params,
    responses: { 204: Empty },
    refusals: [FORBIDDEN, EVENT_NOT_FOUND, EVENT_NOT_DRAFT],
  }),
  cancelEvent: defineRoute({
    method: 'POST',
    path: '/api/events/:eventId/cancel',
    summary: 'Cancel an event: everything sold is refunded',
    access: 'organizer',
    params,
    body: z.strictObject({ cancellationReason: line(500) }),
    responses: { 200: Event },
    refusals: [FORBIDDEN, EVENT_NOT_FOUND, EVENT_NOT_CANCELLABLE],
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
    summary: 'List venues by name, your own first',
    access: 'organizer',
    query: Page.extend({
      query: Words.meta({ description: 'prefixes of words in the name, address or city' }),
    }),
    responses: { 200: z.object({ venues: z.array(Venue), nextCursor: NextCursor }) },
  }),
  publishEvent: defineRoute({
    method: 'POST',
    path: '/api/events/:eventId/publish',
    summary: 'Put an event on sale',
    access: 'organizer',
    params,
    responses: { 200: Event },
    refusals: [FORBIDDEN, EVENT_NOT_FOUND, EVENT_NOT_PUBLISHABLE],
  }),
  putSeatingPlan: defineRoute({
    method: 'PUT',
    path: '/api/events/:eventId/seating-plan',
    summary: 'Set the seats of an event; not possible once it has tickets',
    access: 'organizer',
    params,
    body: NewSeatingPlan,
    bodyLimitBytes: SEATING_PLAN_BYTES_MAX,
    bodyAsText: true,
    responses: { 200: SeatingPlan },
    refusals: [FORBIDDEN, EVENT_NOT_FOUND, EVENT_NOT_EDITABLE, PLAN_IN_USE],
  }),
  getSeatingPlan: defineRoute({
    method: 'GET',
    path: '/api/events/:eventId/seating-plan',
    summary: 'Get the seats of an event; with `If-None-Match` 304 if unchanged',
    access: 'visitor',
    params,
    query: z.object({
      planVersion: z.coerce.number().int().positive().optional().meta({
        description:
          'the version that a seat map names: an answer that may be kept for ever; 404 where another stands',
      }),
    }),
    responses: { 200: SeatingPlan, 304: Empty },
    refusals: [EVENT_NOT_FOUND, SEATING_PLAN_NOT_FOUND],
  }),
} as const
