import * as z from 'zod'
import { EventInfo } from '../events/internal-routes.ts'
import { defineRoute, Empty } from '../http/define-route.ts'
import { VALIDATION_FAILED } from '../http/refusals.ts'
import { EventId } from '../values/ids.ts'

const ofEvents = { services: ['event-service'] } as const
const params = z.object({ eventId: EventId })

/**
 * What the event service and the ticket service say to each other at once; messages say all of it too, a
 * little later.
 */
export const ticketsOfEventRoutes = {
  putEventReplica: defineRoute({
    method: 'PUT',
    path: '/api/tickets/internal/events/:eventId',
    summary: 'How an event stands, so that a change is seen at once; an older version changes nothing',
    access: ofEvents,
    params,
    body: z.strictObject(EventInfo.shape),
    responses: { 204: Empty },
    refusals: [VALIDATION_FAILED],
  }),
  countTickets: defineRoute({
    method: 'GET',
    path: '/api/tickets/internal/events/:eventId/tickets/count',
    summary: 'How many tickets of an event are valid or used: what a cancellation affects',
    access: ofEvents,
    params,
    responses: { 200: z.object({ eventId: EventId, ticketCount: z.int().nonnegative() }) },
  }),
} as const
