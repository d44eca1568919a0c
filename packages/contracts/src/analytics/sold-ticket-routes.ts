import * as z from 'zod'
import { EVENT_NOT_FOUND, VENUE_NOT_FOUND } from '../events/refusals.ts'
import { saying } from '../http/define-refusal.ts'
import { defineRoute, NextCursor, Page } from '../http/define-route.ts'
import { FORBIDDEN, SERVICE_UNAVAILABLE } from '../http/refusals.ts'
import { TICKET_NOT_FOUND } from '../tickets/refusals.ts'
import { EventId, OrderId, TicketId, UserId, VenueId } from '../values/ids.ts'
import { Currency, Money, MoneySum } from '../values/money.ts'
import { Seat } from '../values/seat.ts'
import { Instant } from '../values/text.ts'

// Reads the tickets that are sold one seat at a time: the purchase itself is the payment service's
// (`buySeat`).

/** SOLD: neither used, cancelled nor transferred; also while it is stopped. */
export const SoldTicketStatus = z.enum(['SOLD', 'CHECKED_IN', 'CANCELLED', 'TRANSFERRED'])
export type SoldTicketStatus = z.output<typeof SoldTicketStatus>

export const SoldTicket = z.object({
  ticketId: TicketId,
  orderId: OrderId,
  userId: UserId.meta({ description: 'its holder' }),
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
    summary: 'List your tickets, or those sold for your event, newest first',
    access: 'user',
    query: Page.extend({
      eventId: EventId.optional().meta({ description: 'all of this event, for its organizer' }),
    }),
    responses: { 200: z.object({ tickets: z.array(SoldTicket), nextCursor: NextCursor }) },
    refusals: [FORBIDDEN, EVENT_NOT_FOUND],
  }),
  getSoldTicket: defineRoute({
    method: 'GET',
    path: '/api/v1/tickets/:ticketId',
    summary: 'Get your ticket, or one of your event',
    access: 'user',
    params: z.object({ ticketId: TicketId }),
    responses: { 200: SoldTicket },
    refusals: [TICKET_NOT_FOUND],
  }),
  countSoldTickets: defineRoute({
    method: 'GET',
    path: '/api/v1/tickets/count/:eventId',
    summary: 'Count the sold tickets of an event, without cancelled ones',
    access: 'visitor',
    params: eventParams,
    responses: { 200: z.object({ eventId: EventId, soldCount: z.int().nonnegative() }) },
    refusals: [EVENT_NOT_FOUND],
  }),
  getRevenue: defineRoute({
    method: 'GET',
    path: '/api/v1/tickets/revenue/:venueId/:eventId',
    summary: 'Get the revenue of your event at a venue, refunds deducted',
    access: 'user',
    params: eventParams.extend({ venueId: VenueId }),
    responses: {
      200: z.object({
        venueId: VenueId,
        eventId: EventId,
        totalRevenue: MoneySum,
        currency: Currency.nullable(),
      }),
    },
    refusals: [FORBIDDEN, EVENT_NOT_FOUND, saying(VENUE_NOT_FOUND, 'the event was never at this venue')],
  }),
  getQueryHealth: defineRoute({
    method: 'GET',
    path: '/api/v1/health',
    summary: 'Get the health of the read side and its lag',
    access: 'anyone',
    responses: {
      200: z.object({
        status: z.enum(['UP', 'DEGRADED']),
        lagSeconds: z.number().nullable(),
        endpoints: z.array(z.string()),
      }),
    },
    refusals: [SERVICE_UNAVAILABLE],
  }),
} as const
