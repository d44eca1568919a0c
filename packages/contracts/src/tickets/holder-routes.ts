import * as z from 'zod'
import { defineRoute, NextCursor, Page } from '../http/define-route.ts'
import { EventId, UserId } from '../values/ids.ts'

/** Who has to hear what becomes of an event. */
export const ticketsHoldersRoutes = {
  listHolders: defineRoute({
    method: 'GET',
    path: '/api/tickets/internal/events/:eventId/holders',
    summary:
      'Whoever holds a ticket of an event that is valid, or was cancelled since the event was; each user once',
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
