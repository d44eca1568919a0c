import {
  type EventId,
  type EventSales,
  type SalesReport,
  sum,
  type UserId,
  type VenueId,
} from '@boxoffice/contracts'
import { cursorFields, defineCursor, type PositionOf } from '@boxoffice/service-kit'
import { z } from 'zod'
import type { KnownEvent } from '../reading/known-event-repository.ts'
import type { Read } from '../reading/reads.ts'
import {
  amountOf,
  EventFigures,
  LineFigures,
  OverviewLine,
  ReportFigures,
  shareOf,
  shownWithCapacity,
} from './figures.ts'
import {
  findVenueRevenue,
  getEventFigures,
  getLines,
  getReportFigures,
  type Interval,
  listOverview,
} from './figures-repository.ts'

/** The event after which a page begins. */
export const salesCursor = defineCursor({ eventDate: cursorFields.instant, eventId: cursorFields.id })
const OverviewPage = z.object({ page: z.array(OverviewLine), nextCursor: z.string().nullable() })
const Revenue = z.object({ revenueMinor: z.int(), currency: EventFigures.shape.currency })

/** Reads the sales of events. Reads of one event are cached under its tag. */
export function createSalesReads(options: { read: Read; now: () => Date }) {
  const { read, now } = options

  const figuresOf = async (eventId: EventId): Promise<EventFigures> =>
    (await read({ tag: `event:${eventId}`, kind: 'figures', schema: EventFigures }, (sql, generation) =>
      getEventFigures(sql, generation, eventId),
    )) as EventFigures

  return {
    soldCountOf: async (eventId: EventId): Promise<number> =>
      shownWithCapacity(await figuresOf(eventId)).soldCount,

    /** Returns an event's revenue at a venue; null if the event neither is nor sold anything there. */
    async revenueAt(eventId: EventId, venueId: VenueId) {
      const entry = { tag: `event:${eventId}`, kind: 'revenue', of: venueId, schema: Revenue } as const
      const found = await read(entry, (sql, generation) =>
        findVenueRevenue(sql, generation, { eventId, venueId }),
      )
      return found && { revenue: amountOf(found.revenueMinor), currency: found.currency }
    },

    /**
     * Returns an organizer's events with their figures, latest event first; cached under the organizer's tag.
     */
    async listOf(
      of: { organizerId: UserId; venueId: VenueId | null },
      request: { limit: number; after: PositionOf<typeof salesCursor> | null },
    ): Promise<{ events: EventSales[]; nextCursor: string | null }> {
      const entry = {
        tag: `user:${of.organizerId}`,
        kind: 'sales',
        of: JSON.stringify([of.venueId, request.limit, request.after]),
        schema: OverviewPage,
      } as const
      const listed = await read(entry, async (sql, generation) => {
        const lines = await listOverview(sql, generation, of, { ...request, limit: request.limit + 1 })
        return salesCursor.pageOf(lines, request.limit, (last) => last)
      })
      const { page, nextCursor } = listed ?? { page: [], nextCursor: null }
      return { events: page.map(salesOf), nextCursor }
    },

    async reportOn(event: KnownEvent, interval: Interval): Promise<SalesReport> {
      const entry = {
        tag: `event:${event.eventId}`,
        kind: 'report',
        of: periodsOf(event, interval),
        schema: ReportFigures,
      } as const
      const figures = await read(entry, (sql, generation) =>
        getReportFigures(sql, generation, event, interval),
      )
      return reportOf(event, figures as ReportFigures, interval, now())
    },

    linesOf: async (event: KnownEvent, interval: Interval): Promise<LineFigures> =>
      (await read(
        { tag: `event:${event.eventId}`, kind: 'lines', of: periodsOf(event, interval), schema: LineFigures },
        (sql, generation) => getLines(sql, generation, event, interval),
      )) as LineFigures,
  }
}
export type SalesReads = ReturnType<typeof createSalesReads>

/**
 * Days depend on the time zone, so it is part of the key: a read with the previous zone must not fill the
 * entry of the new one.
 */
const periodsOf = ({ timeZone }: KnownEvent, interval: Interval) =>
  interval === 'day' ? `day ${timeZone}` : interval

const salesOf = ({ organizerId: _, timeZone: __, figures, ...shown }: OverviewLine): EventSales => ({
  ...shown,
  ...shownWithCapacity(figures),
  currency: figures.currency,
})

/** Builds the contract's report of an event; `at` is the time of the request. */
export function reportOf(
  event: KnownEvent,
  figures: ReportFigures,
  interval: Interval,
  at: Date,
): SalesReport {
  const { organizerId: _, ...shown } = event
  const { totals, byType, overTime, payments } = figures
  const { converted, released } = totals
  const sold = shownWithCapacity(totals)
  return {
    ...shown,
    currency: totals.currency,
    asOf: totals.asOf ? new Date(totals.asOf) : at,
    totals: sold,
    byType: byType.map(({ ticketTypeId, name, unitPriceMinor, ...sums }) => ({
      ...{ ticketTypeId, name, unitPrice: unitPriceMinor === null ? null : amountOf(unitPriceMinor) },
      ...shownWithCapacity(sums),
    })),
    holds: { converted, released, conversion: shareOf(converted, converted + released) },
    refunds: { count: totals.refunds, amount: amountOf(totals.refundedMinor) },
    payments: paymentsOf(payments),
    checkIns: { count: totals.checkedIn, rate: shareOf(totals.checkedIn, sold.soldCount) },
    interval,
    overTime: overTime.map(({ from, issued, grossMinor, cancelled, refundedMinor, checkedIn }) => ({
      ...{
        from: new Date(from),
        issuedCount: issued,
        revenue: amountOf(grossMinor),
        cancelledCount: cancelled,
      },
      ...{ refundedAmount: amountOf(refundedMinor), checkedInCount: checkedIn },
    })),
  }
}

/** Maps payments to the contract: what was paid, and what failed, by reason. */
function paymentsOf(figures: ReportFigures['payments']): SalesReport['payments'] {
  const failed = figures.flatMap(({ outcome, payments: count, amountMinor }) =>
    outcome === 'COMPLETED' ? [] : [{ failureReason: outcome, count, amount: amountOf(amountMinor) }],
  )
  const completed = figures.find(({ outcome }) => outcome === 'COMPLETED')
  return {
    completed: { count: completed?.payments ?? 0, amount: amountOf(completed?.amountMinor ?? 0) },
    failed: {
      count: failed.reduce((total, { count }) => total + count, 0),
      amount: sum(failed.map(({ amount }) => amount)),
    },
    failedByReason: failed,
  }
}
