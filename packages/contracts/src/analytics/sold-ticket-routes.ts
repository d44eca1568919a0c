import * as z from 'zod'
import { defineRoute, NextCursor, Page, Refusal } from '../http/define-route.ts'
import { EventId, OrderId, TicketId, UserId, VenueId } from '../values/ids.ts'
import { Currency, Money, MoneySum } from '../values/money.ts'
import { Seat } from '../values/seat.ts'
import { Instant } from '../values/text.ts'

// Reads the tickets that are sold one seat at a time: the purchase itself is the payment service's
// (`buySeat`).

/** SOLD: neither used nor given back nor passed on; also while it is stopped. */
export const SoldTicketStatus = z.enum(['SOLD', 'CHECKED_IN', 'CANCELLED', 'TRANSFERRED'])
export type SoldTicketStatus = z.output<typeof SoldTicketStatus>

export const SoldTicket = z.object({
  ticketId: TicketId,
  orderId: OrderId,
  userId: UserId.meta({ description: 'whose it is' }),
  venueId: VenueId,
  eventId: EventId,
  zoneId: Seat.shape.zoneId
    .optional()
    .meta({ description: 'with rowLabel and colLabel, of a ticket with a seat' }),
  rowLabel: z.string().optional(),
  colLabel: z.string().optional(),
  price: Money,
  currency: Currency,
  status: SoldTicketStatus,
  createdOn: Instant,
})
export type SoldTicket = z.output<typeof SoldTicket>

const eventParams = z.object({ eventId: EventId })

export const ticketQueryRoutes = {
  listSoldTickets: defineRoute({
    method: 'GET',
    path: '/api/v1/tickets',
    summary: "One's own tickets, or those that were sold for one's event; the newest first",
    access: 'user',
    query: Page.extend({
      eventId: EventId.optional().meta({ description: 'all of this event, for its organizer' }),
    }),
    responses: {
      200: z.object({ tickets: z.array(SoldTicket), nextCursor: NextCursor }),
      403: Refusal,
      404: Refusal,
    },
  }),
  getSoldTicket: defineRoute({
    method: 'GET',
    path: '/api/v1/tickets/:ticketId',
    summary: "One's own ticket, or one of one's event",
    access: 'user',
    params: z.object({ ticketId: TicketId }),
    responses: { 200: SoldTicket, 404: Refusal },
  }),
  countSoldTickets: defineRoute({
    method: 'GET',
    path: '/api/v1/tickets/count/:eventId',
    summary: 'How many tickets of an event are sold; those that were given back are not',
    access: 'visitor',
    params: eventParams,
    responses: { 200: z.object({ eventId: EventId, soldCount: z.int().nonnegative() }), 404: Refusal },
  }),
  getRevenue: defineRoute({
    method: 'GET',
    path: '/api/v1/tickets/revenue/:venueId/:eventId',
    summary: "What one's event has taken at a venue, without what went back",
    access: 'user',
    params: eventParams.extend({ venueId: VenueId }),
    responses: {
      200: z.object({
        venueId: VenueId,
        eventId: EventId,
        totalRevenue: MoneySum,
        currency: Currency.nullable(),
      }),
      403: Refusal,
      404: Refusal.meta({ description: 'EVENT_NOT_FOUND, VENUE_NOT_FOUND (the event was never there)' }),
    },
  }),
  getQueryHealth: defineRoute({
    method: 'GET',
    path: '/api/v1/health',
    summary: 'Whether the read side answers, and how far it is behind',
    access: 'anyone',
    responses: {
      200: z.object({
        status: z.enum(['UP', 'DEGRADED']),
        lagSeconds: z.number().nullable(),
        endpoints: z.array(z.string()),
      }),
      503: Refusal,
    },
  }),
} as const
