import * as z from 'zod'
import { EventInfo } from '../events/internal-routes.ts'
import { defineRoute, Empty } from '../http/define-route.ts'
import { VALIDATION_FAILED } from '../http/refusals.ts'
import { EventId } from '../values/ids.ts'

const ofEvents = { services: ['event-service'] } as const
const params = z.object({ eventId: EventId })

/**
 * Synchronous calls between the event service and the ticket service; messages carry the same a little later.
 */
export const ticketsOfEventRoutes = {
  putEventReplica: defineRoute({
    method: 'PUT',
    path: '/api/tickets/internal/events/:eventId',
    summary:
      'Put the state of an event, so that a change is visible at once; an older version changes nothing',
    access: ofEvents,
    params,
    body: z.strictObject(EventInfo.shape),
    responses: { 204: Empty },
    refusals: [VALIDATION_FAILED],
  }),
  countTickets: defineRoute({
    method: 'GET',
    path: '/api/tickets/internal/events/:eventId/tickets/count',
    summary: 'Count the valid or used tickets of an event, which a cancellation affects',
    access: ofEvents,
    params,
    responses: { 200: z.object({ eventId: EventId, ticketCount: z.int().nonnegative() }) },
  }),
} as const
