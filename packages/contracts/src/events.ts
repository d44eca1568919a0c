import { z } from 'zod'
import { EventId, UserId, VenueId } from './ids.ts'
import { defineRoute, Empty, NextCursor, Page, Refusal, refusalWith } from './route.ts'
import { NewSeatingPlan, SEATING_PLAN_BYTES_MAX, SeatingPlan } from './seating-plan.ts'
import { Country, Instant, line, lines, TimeZone } from './text.ts'

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
  timeZone: TimeZone.optional().meta({ description: 'IANA name; where none is given the venue’s, else UTC' }),
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

export const NewVenue = z.strictObject({
  name: line(200),
  address: line(500),
  city: line(200).optional(),
  country: Country.optional().meta({ description: 'ISO 3166-1 alpha-2' }),
  timeZone: TimeZone.optional().meta({ description: 'IANA name; what events there get that name none' }),
  capacity: z.int().min(1).max(1_000_000).optional(),
})
export type NewVenue = z.output<typeof NewVenue>

export const Venue = z.object({
  venueId: VenueId,
  ...NewVenue.shape,
  organizerId: UserId.meta({ description: 'who made it' }),
  createdAt: Instant,
})
export type Venue = z.output<typeof Venue>

const params = z.object({ eventId: EventId })
const Events = z.object({ events: z.array(Event), nextCursor: NextCursor })

const Words = z.string().trim().max(200).optional()
export const EventQuery = Page.extend({
  query: Words.meta({
    description: 'beginnings of words of the name, the place, the category or the description; all must be there',
  }),
  place: Words.meta({ description: 'beginnings of words of the venue’s name or its address' }),
  category: EventCategory.optional(),
  from: Instant.optional().meta({ description: 'what is over by then is left out; what is over now where none is given' }),
  to: Instant.optional().meta({ description: 'what begins later is left out' }),
})
export type EventQuery = z.output<typeof EventQuery>

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
    query: Page.extend({ query: Words.meta({ description: 'beginnings of words of the name, the address or the city' }) }),
    responses: { 200: z.object({ venues: z.array(Venue), nextCursor: NextCursor }) },
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
