import { z } from 'zod'
import { EventId, UserId, VenueId } from './ids.ts'
import { defineRoute, NextCursor, Page, Refusal, refusalWith } from './route.ts'
import { NewSeatingPlan, SEATING_PLAN_BYTES_MAX, SeatingPlan } from './seating-plan.ts'
import { Instant, line, lines, TimeZone } from './text.ts'

export const EventStatus = z.enum(['DRAFT', 'PUBLISHED', 'CANCELLED', 'COMPLETED'])
export type EventStatus = z.output<typeof EventStatus>

export const EventCategory = z.enum([
  'MUSIC',
  'THEATRE',
  'COMEDY',
  'FILM',
  'ARTS',
  'SPORTS',
  'FAMILY',
  'FOOD',
  'CONFERENCE',
  'NIGHTLIFE',
  'OTHER',
])
export type EventCategory = z.output<typeof EventCategory>

export const Event = z.object({
  eventId: EventId,
  organizerId: UserId,
  name: z.string(),
  description: z.string(),
  eventDate: Instant,
  endDate: Instant.optional(),
  timeZone: z.string(),
  venueId: VenueId,
  venueName: z.string(),
  venueAddress: z.string(),
  category: EventCategory,
  status: EventStatus,
  imageUrl: z.string().optional(),
  refundableUntil: Instant.optional(),
  cancellationReason: z.string().optional(),
  createdAt: Instant,
  updatedAt: Instant,
})
export type Event = z.output<typeof Event>

const ImageUrl = z.url({ protocol: /^https?$/ }).max(2000)
const details = {
  name: line(200),
  description: lines(10_000),
  eventDate: Instant,
  endDate: Instant.optional(),
  timeZone: TimeZone.optional().meta({ description: 'IANA name; UTC where none is given' }),
  category: EventCategory,
  imageUrl: z
    .url({ protocol: /^https?$/ })
    .max(2000)
    .optional(),
  refundableUntil: Instant.optional(),
}
/** An existing venue by its id, or a new one by name and address. */
const venue = { venueId: VenueId.optional(), venueName: line(200).optional(), venueAddress: line(500).optional() }

const endsAfterItStarts = (event: { eventDate?: Date; endDate?: Date | null }) =>
  !event.endDate || !event.eventDate || event.endDate > event.eventDate
const late = { path: ['endDate'], message: 'must be after eventDate' }

export const NewEvent = z
  .strictObject({ ...details, ...venue })
  .refine((event) => Boolean(event.venueId) !== Boolean(event.venueName && event.venueAddress), {
    path: ['venueId'],
    message: 'give either venueId or both venueName and venueAddress',
  })
  .refine(endsAfterItStarts, late)
export type NewEvent = z.output<typeof NewEvent>

export const EventChanges = z
  .strictObject({
    ...z.strictObject({ ...details, ...venue }).partial().shape,
    endDate: Instant.nullable().optional(),
    imageUrl: ImageUrl.nullable().optional(),
    refundableUntil: Instant.nullable().optional(),
  })
  .refine(endsAfterItStarts, late)
export type EventChanges = z.output<typeof EventChanges>

const params = z.object({ eventId: EventId })
const Events = z.object({ events: z.array(Event), nextCursor: NextCursor })

export const EventQuery = Page.extend({
  query: z.string().trim().max(200).optional().meta({ description: 'words of the name, the description or the place' }),
  category: EventCategory.optional(),
  from: Instant.optional(),
  to: Instant.optional(),
})
export type EventQuery = z.output<typeof EventQuery>

export const eventsRoutes = {
  listEvents: defineRoute({
    method: 'GET',
    path: '/api/events',
    summary: 'Published events, the next first',
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
  publishEvent: defineRoute({
    method: 'POST',
    path: '/api/events/:eventId/publish',
    summary: 'Put an event on sale',
    access: 'organizer',
    params,
    responses: { 200: Event, 403: Refusal, 404: Refusal, 409: refusalWith({ reasons: z.array(z.string()).optional() }) },
  }),
  putSeatingPlan: defineRoute({
    method: 'PUT',
    path: '/api/events/:eventId/seating-plan',
    summary: 'Give an event its seats; not any more once tickets are made of them',
    access: 'organizer',
    params,
    body: NewSeatingPlan,
    bodyLimitBytes: SEATING_PLAN_BYTES_MAX,
    responses: { 200: SeatingPlan, 403: Refusal, 404: Refusal, 409: Refusal },
  }),
  getSeatingPlan: defineRoute({
    method: 'GET',
    path: '/api/events/:eventId/seating-plan',
    summary: 'The seats of an event',
    access: 'visitor',
    params,
    responses: { 200: SeatingPlan, 404: Refusal },
  }),
} as const

/** An event as other services see it; `version` grows with every change. */
export const EventInfo = Event.extend({ version: z.int() })
export type EventInfo = z.output<typeof EventInfo>

const readers = { services: ['ticket-service', 'payment-service', 'notification-service'] } as const

export const eventsInternalRoutes = {
  getEventInfo: defineRoute({
    method: 'GET',
    path: '/api/events/internal/:eventId',
    summary: 'One event, whatever its state',
    access: readers,
    params,
    responses: { 200: EventInfo, 404: Refusal },
  }),
  validateOrganizer: defineRoute({
    method: 'GET',
    path: '/api/events/internal/:eventId/validate-organizer/:userId',
    summary: 'Whether the event is theirs',
    access: readers,
    params: z.object({ eventId: EventId, userId: UserId }),
    responses: { 200: z.object({ isOrganizer: z.boolean(), eventId: EventId, userId: UserId }), 404: Refusal },
  }),
  getEventInfos: defineRoute({
    method: 'POST',
    path: '/api/events/internal/batch',
    summary: 'Several events; those that do not exist are left out',
    access: readers,
    body: z.strictObject({ eventIds: z.array(EventId).min(1).max(100) }),
    responses: { 200: z.object({ events: z.array(EventInfo) }) },
  }),
  getSeatingPlanInfo: defineRoute({
    method: 'GET',
    path: '/api/events/internal/:eventId/seating-plan',
    summary: 'The seats of an event, which do not change any more from now on: the caller makes tickets of them',
    access: { services: ['ticket-service'] },
    params,
    responses: { 200: SeatingPlan, 404: Refusal },
  }),
} as const
