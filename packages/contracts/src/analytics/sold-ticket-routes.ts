import { z } from 'zod'
import { defineRoute, NextCursor, Page, Refusal, refusalWith } from '../http/define-route.ts'
import { FailureReason, Retryable } from '../payments/order.ts'
import { EventId, OrderId, TicketId, UserId, VenueId } from '../values/ids.ts'
import { Currency, Money, MoneySum } from '../values/money.ts'
import { plainName } from '../values/plain-name.ts'
import { Seat, SeatId, SeatLabel } from '../values/seat.ts'
import { Instant } from '../values/text.ts'

// The API of one seat at a time: who buys talks to the payment service, who reads to the read side.

const seatOfEvent = { venueId: VenueId, eventId: EventId, ...Seat.shape }

export const SeatPurchase = z.strictObject({
  userId: UserId.optional().meta({ description: "may be left out; one's own: nobody buys for somebody else" }),
  venueId: VenueId,
  eventId: EventId,
  zoneId: z.int().min(1).max(999),
  rowLabel: SeatLabel,
  colLabel: SeatLabel,
  paymentToken: z
    .string()
    .regex(/^[A-Za-z0-9_]{1,200}$/, 'must be a payment token of the gateway')
    .optional()
    .meta({ description: 'may be left out for a seat that costs nothing, and where the platform has a token of its own' }),
  holderName: plainName(200).optional().meta({ description: "the user's own name where none is given" }),
})
export type SeatPurchase = z.output<typeof SeatPurchase>

export const PurchasedSeat = z.object({
  ticketId: TicketId,
  orderId: OrderId,
  status: z.literal('CONFIRMED'),
  ...seatOfEvent,
  price: Money,
  currency: Currency,
  createdOn: Instant,
})
export type PurchasedSeat = z.output<typeof PurchasedSeat>

export const seatPurchaseRoutes = {
  buySeat: defineRoute({
    method: 'POST',
    path: '/api/v1/tickets',
    summary: 'Buy one seat',
    access: 'user',
    idempotency: 'bindable',
    body: SeatPurchase,
    responses: {
      201: PurchasedSeat,
      202: z
        .object({ orderId: OrderId, status: z.literal('PENDING') })
        .meta({ description: 'not known yet: poll /api/payments/orders/{orderId}' }),
      400: Refusal,
      402: refusalWith({ orderId: OrderId, failureReason: FailureReason, retryable: Retryable }),
      403: Refusal.meta({ description: 'FORBIDDEN: userId is another user' }),
      404: Refusal.meta({ description: 'EVENT_NOT_FOUND, SEAT_NOT_FOUND' }),
      409: refusalWith({
        orderId: OrderId.optional(),
        reserved: z.literal(false).optional(),
        seatIds: z.array(SeatId).optional().meta({ description: 'the seat that is taken' }),
      }),
      422: Refusal,
      503: refusalWith({ orderId: OrderId.optional() }),
    },
  }),
} as const

/** SOLD: neither used nor given back nor passed on; also while it is stopped. */
export const SoldTicketStatus = z.enum(['SOLD', 'CHECKED_IN', 'CANCELLED', 'TRANSFERRED'])
export type SoldTicketStatus = z.output<typeof SoldTicketStatus>

export const SoldTicket = z.object({
  ticketId: TicketId,
  orderId: OrderId,
  userId: UserId.meta({ description: 'whose it is' }),
  venueId: VenueId,
  eventId: EventId,
  zoneId: Seat.shape.zoneId.optional().meta({ description: 'with rowLabel and colLabel, of a ticket with a seat' }),
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
    query: Page.extend({ eventId: EventId.optional().meta({ description: 'all of this event, for its organizer' }) }),
    responses: { 200: z.object({ tickets: z.array(SoldTicket), nextCursor: NextCursor }), 403: Refusal, 404: Refusal },
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
      200: z.object({ venueId: VenueId, eventId: EventId, totalRevenue: MoneySum, currency: Currency.nullable() }),
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
      200: z.object({ status: z.enum(['UP', 'DEGRADED']), lagSeconds: z.number().nullable(), endpoints: z.array(z.string()) }),
      503: Refusal,
    },
  }),
} as const
