import * as z from 'zod'
import { EventStatus } from '../events/event.ts'
import { EVENT_NOT_FOUND } from '../events/refusals.ts'
import { defineRoute, eventStream, fileOr, NextCursor, Page } from '../http/define-route.ts'
import { FORBIDDEN, TOO_MANY_STREAMS } from '../http/refusals.ts'
import { FailureReason } from '../payments/order.ts'
import { EventId, TicketTypeId, VenueId } from '../values/ids.ts'
import { Currency, Money, MoneySum } from '../values/money.ts'
import { Instant } from '../values/text.ts'

const Count = z.int().nonnegative()
const Share = z.number().nonnegative().nullable()

/** What was sold, taken, given back and used. */
const Figures = z.object({
  soldCount: Count.meta({ description: 'tickets that are sold: issued and not cancelled' }),
  revenue: MoneySum.meta({ description: 'what was paid for tickets, without what went back' }),
  cancelledCount: Count.meta({ description: 'tickets that were issued and cancelled' }),
  refundedAmount: MoneySum.meta({ description: 'what went back' }),
  checkedInCount: Count,
})
const Capacity = z.object({
  capacity: Count.nullable().meta({ description: 'null while the read side knows of no ticket type' }),
  sellThrough: Share.meta({ description: 'sold / capacity' }),
})

export const SalesOfType = Figures.extend({
  ticketTypeId: TicketTypeId,
  name: z.string().nullable().meta({ description: 'null while only its tickets are known' }),
  unitPrice: Money.nullable().meta({ description: 'as it is offered now' }),
  ...Capacity.shape,
}).meta({ description: 'a refund that names no tickets is of no type: the totals alone have it' })
export type SalesOfType = z.output<typeof SalesOfType>

/** What happened from `from` on, for an hour or a day. */
export const SalesOfPeriod = z.object({
  from: Instant,
  issuedCount: Count.meta({ description: 'tickets that were sold then, given back later or not' }),
  revenue: MoneySum.meta({ description: 'what was paid for them' }),
  cancelledCount: Count,
  refundedAmount: MoneySum,
  checkedInCount: Count,
})
export type SalesOfPeriod = z.output<typeof SalesOfPeriod>

export const SalesReport = z.object({
  eventId: EventId,
  name: z.string(),
  status: EventStatus,
  eventDate: Instant,
  timeZone: z.string(),
  venueId: VenueId,
  venueName: z.string(),
  currency: Currency.nullable().meta({ description: 'null while nothing is offered or sold' }),
  asOf: Instant.meta({
    description:
      'the newest message of this event that is counted, or the time of asking where there is none',
  }),
  totals: Figures.extend(Capacity.shape),
  byType: z.array(SalesOfType),
  holds: z
    .object({
      converted: Count.meta({ description: 'holds that became tickets' }),
      released: Count.meta({ description: 'holds that ran out or were let go' }),
      conversion: Share.meta({
        description: 'converted / (converted + released); those that are still held count in neither',
      }),
    })
    .meta({ description: 'reservations, whatever they held' }),
  refunds: z.object({ count: Count, amount: MoneySum }),
  payments: z
    .object({
      completed: z.object({ count: Count, amount: MoneySum }),
      failed: z.object({ count: Count, amount: MoneySum }),
      failedByReason: z
        .array(z.object({ failureReason: FailureReason, count: Count, amount: MoneySum }))
        .meta({
          description:
            'why orders were not paid, the most frequent first: what the gateway declined, and what came to nothing before',
        }),
    })
    .meta({
      description: 'orders that were paid, without those that cost nothing, and orders whose payment failed',
    }),
  checkIns: z.object({ count: Count, rate: Share.meta({ description: 'checked in / sold' }) }),
  interval: z.enum(['hour', 'day']),
  overTime: z
    .array(SalesOfPeriod)
    .meta({ description: 'periods in which something happened, the oldest first' }),
})
export type SalesReport = z.output<typeof SalesReport>

/** An event in an organizer's overview. */
export const EventSales = Figures.extend({
  eventId: EventId,
  name: z.string(),
  status: EventStatus,
  eventDate: Instant,
  venueId: VenueId,
  venueName: z.string(),
  currency: Currency.nullable(),
  ...Capacity.shape,
})
export type EventSales = z.output<typeof EventSales>

const params = z.object({ eventId: EventId })
const Interval = z
  .enum(['hour', 'day'])
  .default('hour')
  .meta({ description: "hours of UTC, or days of the event's time zone" })

export const analyticsRoutes = {
  listSales: defineRoute({
    method: 'GET',
    path: '/api/analytics/sales',
    summary: "The sales of one's own events, the latest event first",
    access: 'organizer',
    query: Page.extend({ venueId: VenueId.optional().meta({ description: 'only events at this venue' }) }),
    responses: { 200: z.object({ events: z.array(EventSales), nextCursor: NextCursor }) },
  }),
  getSales: defineRoute({
    method: 'GET',
    path: '/api/analytics/events/:eventId/sales',
    summary:
      'How an event sells: over time and by type, sell-through, holds, refunds, check-ins; as CSV one line for each period and type, and one for its refunds that name no tickets',
    access: 'user',
    params,
    query: z.object({ format: z.enum(['json', 'csv']).default('json'), interval: Interval }),
    responses: { 200: fileOr(SalesReport, 'text/csv') },
    refusals: [FORBIDDEN, EVENT_NOT_FOUND],
  }),
  watchSales: defineRoute({
    method: 'GET',
    path: '/api/analytics/events/:eventId/sales/stream',
    summary: 'The same as it stands, and again whenever it has changed',
    access: 'user',
    params,
    query: z.object({ interval: Interval }),
    responses: { 200: eventStream(SalesReport) },
    refusals: [FORBIDDEN, EVENT_NOT_FOUND, TOO_MANY_STREAMS],
  }),
} as const
