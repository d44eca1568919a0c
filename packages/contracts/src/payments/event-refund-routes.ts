import * as z from 'zod'
import { defineRoute, NextCursor, Page } from '../http/define-route.ts'
import { EventId } from '../values/ids.ts'
import { Currency, MoneySum } from '../values/money.ts'
import { Instant } from '../values/text.ts'

/** How far the refunds of a cancelled event are. */
export const EventRefunds = z.object({
  eventId: EventId,
  cancelledAt: Instant,
  orders: z.int().meta({ description: 'paid, and not refunded as a whole before it was cancelled' }),
  refunded: z.int().meta({ description: 'orders that are refunded as a whole' }),
  inProgress: z.int().meta({ description: 'orders whose refund has begun' }),
  failing: z.int().meta({ description: 'those of them whose last attempt failed; they are retried' }),
  remaining: z.int().meta({ description: 'orders that are not refunded as a whole yet, begun or not' }),
  amounts: z
    .array(z.object({ currency: Currency, refunded: MoneySum, remaining: MoneySum }))
    .meta({ description: 'of these orders, with partial refunds' }),
  finished: z.boolean().meta({ description: 'no order of the event can be paid or refunded any more' }),
  lastError: z.string().optional().meta({ description: 'of the latest failed attempt' }),
})
export type EventRefunds = z.output<typeof EventRefunds>

export const paymentsEventRefundRoutes = {
  listEventRefunds: defineRoute({
    method: 'GET',
    path: '/api/payments/ops/event-refunds',
    summary: 'List cancelled events, latest first, and how far their refunds are',
    access: 'operator',
    query: Page.extend({ eventId: EventId.optional() }),
    responses: { 200: z.object({ events: z.array(EventRefunds), nextCursor: NextCursor }) },
  }),
} as const
