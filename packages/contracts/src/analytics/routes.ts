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

/** Counts of sold, bought, refunded and used tickets. */
const Figures = z.object({
  soldCount: Count.meta({ description: 'sold tickets: issued and not cancelled' }),
  revenue: MoneySum.meta({ description: 'revenue from tickets, refunds deducted' }),
  cancelledCount: Count.meta({ description: 'tickets issued and later cancelled' }),
  refundedAmount: MoneySum.meta({ description: 'refunded amount' }),
  checkedInCount: Count,
})
const Capacity = z.object({
  capacity: Count.nullable().meta({ description: 'null while the read side knows no ticket type' }),
  sellThrough: Share.meta({ description: 'sold / capacity' }),
})

export const SalesOfType = Figures.extend({
  ticketTypeId: TicketTypeId,
  name: z.string().nullable().meta({ description: 'null while only its tickets are known' }),
  unitPrice: Money.nullable().meta({ description: 'the current price' }),
  ...Capacity.shape,
}).meta({ description: 'a refund without tickets belongs to no type: only the totals include it' })
export type SalesOfType = z.output<typeof SalesOfType>

/** The sales of an hour or a day that begins at `from`. */
export const SalesOfPeriod = z.object({
  from: Instant,
  issuedCount: Count.meta({ description: 'tickets sold in the period, later cancelled or not' }),
  revenue: MoneySum.meta({ description: 'the amount paid for them' }),
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
      released: Count.meta({ description: 'holds that expired or were released' }),
      conversion: Share.meta({
        description: 'converted / (converted + released); current holds count in neither',
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
            'why orders were not paid, most frequent first: declined by the gateway, or failed before',
        }),
    })
    .meta({
      description: 'paid orders (without free ones), and orders whose payment failed',
    }),
  checkIns: z.object({ count: Count, rate: Share.meta({ description: 'checked in / sold' }) }),
  interval: z.enum(['hour', 'day']),
  overTime: z.array(SalesOfPeriod).meta({ description: 'periods with activity, oldest first' }),
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
    summary: 'List the sales of your events, the latest event first',
    access: 'organizer',
    query: Page.extend({ venueId: VenueId.optional().meta({ description: 'only events at this venue' }) }),
    responses: { 200: z.object({ events: z.array(EventSales), nextCursor: NextCursor }) },
  }),
  getSales: defineRoute({
    method: 'GET',
    path: '/api/analytics/events/:eventId/sales',
    summary:
      'Get the sales of an event: over time and by type, sell-through, holds, refunds, check-ins; ' +
      'as CSV one line for each period and type, and one for refunds without tickets',
    access: 'user',
    params,
    query: z.object({ format: z.enum(['json', 'csv']).default('json'), interval: Interval }),
    responses: { 200: fileOr(SalesReport, 'text/csv') },
    refusals: [FORBIDDEN, EVENT_NOT_FOUND],
  }),
  watchSales: defineRoute({
    method: 'GET',
    path: '/api/analytics/events/:eventId/sales/stream',
    summary: 'Stream the sales of an event: the current report, then a new one after each change',
    access: 'user',
    params,
    query: z.object({ interval: Interval }),
    responses: { 200: eventStream(SalesReport) },
    refusals: [FORBIDDEN, EVENT_NOT_FOUND, TOO_MANY_STREAMS],
  }),
} as const
