import * as z from 'zod'
import { defineMessage } from '../messages/define-message.ts'
import { EventId, UserId, VenueId } from '../values/ids.ts'
import { Instant, shownLine } from '../values/text.ts'
import { EventStatus } from './event.ts'

const AffectedTicketCount = z
  .int()
  .nonnegative()
  .meta({
    description:
      'tickets that were valid or used when it was cancelled; absent where the ticket service could not ' +
      'say at that moment',
  })

/** The event with everything that consumers would otherwise have to request. */
const Snapshot = z.object({
  eventId: EventId,
  organizerId: UserId,
  name: shownLine(200),
  eventDate: Instant,
  endDate: Instant.optional(),
  timeZone: z.string().max(64),
  venueId: VenueId,
  venueName: shownLine(200),
  venueAddress: shownLine(500),
  status: EventStatus,
  refundableUntil: Instant.optional(),
})

// Published twice: to a standard topic, and in order for readers that need it.
const everyChange = {
  topics: ['event-events', 'event-updates.fifo'],
  attributes: ['eventId', 'organizerId'],
  groupBy: 'eventId',
} as const

export const eventCreated = defineMessage('EVENT_CREATED', { ...everyChange, payload: Snapshot })
export const eventUpdated = defineMessage('EVENT_UPDATED', {
  ...everyChange,
  payload: Snapshot.extend({
    changed: z.array(z.string().max(40)).max(40).meta({ description: 'names of the changed fields' }),
  }),
})
export const eventPublished = defineMessage('EVENT_PUBLISHED', { ...everyChange, payload: Snapshot })
export const eventCancelled = defineMessage('EVENT_CANCELLED', {
  ...everyChange,
  payload: Snapshot.extend({
    eventName: shownLine(200),
    cancellationReason: shownLine(500),
    affectedTicketCount: AffectedTicketCount.optional(),
  }),
})
/** A draft was deleted. Only for ordered readers: the others never saw it. */
export const eventDeleted = defineMessage('EVENT_DELETED', {
  ...everyChange,
  topics: ['event-updates.fifo'],
  payload: Snapshot.pick({ eventId: true, organizerId: true }),
})
