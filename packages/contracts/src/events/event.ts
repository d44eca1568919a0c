import * as z from 'zod'
import { Page } from '../http/define-route.ts'
import { EventId, UserId, VenueId } from '../values/ids.ts'
import { plainName } from '../values/plain-name.ts'
import { Instant, lines, TimeZone, Words } from '../values/text.ts'

/** The length of an event without an end. */
export const EVENT_LENGTH_HOURS = 12

/**
 * When an event is over: the one rule for sales, transfers, refunds, lists and completion; the door has a
 * grace period. Two services repeat it in SQL, each compared with this by a test.
 */
export const overAt = ({
  eventDate,
  endDate,
}: {
  readonly eventDate: Date
  readonly endDate?: Date | null | undefined
}): Date => endDate ?? new Date(eventDate.getTime() + EVENT_LENGTH_HOURS * 3_600_000)

export const isOver = (event: Parameters<typeof overAt>[0], at: Date): boolean => overAt(event) <= at

/**
 * How long a door still admits after that: an event may run late, and scanners that verified codes offline
 * report them afterwards.
 */
export const DOOR_GRACE_HOURS = 24
export const doorClosesAt = (event: Parameters<typeof overAt>[0]): Date =>
  new Date(overAt(event).getTime() + DOOR_GRACE_HOURS * 3_600_000)

/** Returns the earlier of two times: deadlines never exceed the event's end. */
export const earlierOf = (a: Date, b: Date): Date => (a < b ? a : b)

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

const RefundableUntil = Instant.meta({
  description: 'until when buyers may return paid tickets; never later than the end of the event',
})

export const Event = z.object({
  eventId: EventId,
  organizerId: UserId,
  name: z.string(),
  description: z.string(),
  eventDate: Instant,
  endDate: Instant.optional().meta({ description: `without it the event lasts ${EVENT_LENGTH_HOURS} hours` }),
  timeZone: z.string(),
  venueId: VenueId,
  venueName: z.string(),
  venueAddress: z.string(),
  category: EventCategory,
  status: EventStatus,
  imageUrl: z.string().optional(),
  refundableUntil: RefundableUntil.optional(),
  cancellationReason: z.string().optional(),
  createdAt: Instant,
  updatedAt: Instant,
})
export type Event = z.output<typeof Event>

const ImageUrl = z.url({ protocol: /^https?$/ }).max(2000)
const details = {
  name: plainName(200),
  description: lines(10_000),
  eventDate: Instant,
  endDate: Instant.optional(),
  timeZone: TimeZone.optional().meta({ description: 'IANA name; where none is given the venue’s, else UTC' }),
  category: EventCategory,
  imageUrl: z
    .url({ protocol: /^https?$/ })
    .max(2000)
    .optional(),
  refundableUntil: RefundableUntil.optional(),
}
/** An existing venue by its id, or a new one by name and address. */
const venue = {
  venueId: VenueId.optional(),
  venueName: plainName(200).optional(),
  venueAddress: plainName(500).optional(),
}

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
    refundableUntil: RefundableUntil.nullable().optional(),
  })
  .refine((event) => !(event.venueId && (event.venueName || event.venueAddress)), {
    path: ['venueId'],
    message: 'give either venueId or venueName and venueAddress',
  })
  .refine(endsAfterItStarts, late)
export type EventChanges = z.output<typeof EventChanges>

export const EventQuery = Page.extend({
  query: Words.meta({
    description: 'prefixes of words in the name, place, category or description; all must match',
  }),
  place: Words.meta({ description: 'prefixes of words in the venue’s name or address' }),
  category: EventCategory.optional(),
  from: Instant.optional().meta({
    description: 'what is over by then is left out; what is over now where none is given',
  }),
  to: Instant.optional().meta({ description: 'later events are left out' }),
})
export type EventQuery = z.output<typeof EventQuery>
