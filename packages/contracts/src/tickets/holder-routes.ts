import * as z from 'zod'
import { defineRoute, NextCursor, Page } from '../http/define-route.ts'
import { EventId, UserId } from '../values/ids.ts'

/** Who is notified about an event. */
export const ticketsHoldersRoutes = {
  listHolders: defineRoute({
    method: 'GET',
    path: '/api/tickets/internal/events/:eventId/holders',
    summary:
      'List the holders of tickets of an event that are valid, or were cancelled after the event was; ' +
      'each user once',
    access: { services: ['notification-service'] },
    params: z.object({ eventId: EventId }),
    query: Page,
    responses: {
      200: z.object({
        holders: z.array(z.object({ userId: UserId, ticketCount: z.int().positive() })),
        nextCursor: NextCursor,
      }),
    },
  }),
} as const
