import { EventId, type EventSales, Instant, type SalesReport, type UserId, type VenueId } from '@boxoffice/contracts'
import { pageOf } from '@boxoffice/service-kit'
import { z } from 'zod'
import type { EventAccess, KnownEvent } from '../reading/event-access.ts'
import type { Read } from '../reading/reads.ts'
import { amountOf, EventFigures, Line, ReportFigures, shareOf, shownWithCapacity } from './figures.ts'
import {
  findVenueRevenue,
  getEventFigures,
  getReportFigures,
  type Interval,
  listEventsOf,
  listLines,
} from './figures-repository.ts'

/** After which event a page of one's events begins. */
export const SalesPosition = z.object({ eventDate: z.coerce.date(), eventId: z.uuid() })
const EventPage = z.object({
  page: z.array(z.object({ eventId: EventId, eventDate: Instant })),
  nextCursor: z.string().nullable(),
})
const Revenue = z.object({ revenueMinor: z.int(), currency: EventFigures.shape.currency })
const Lines = z.array(Line)

/** How events sell. Everything that is read of an event hangs on it in the cache. */
export function createSalesReads(options: { read: Read; access: EventAccess; now: () => Date }) {
  const { read, access, now } = options

  const figuresOf = async (eventId: EventId): Promise<EventFigures> =>
    (await read({ tag: `event:${eventId}`, kind: 'figures', schema: EventFigures }, (sql, generation) =>
      getEventFigures(sql, generation, eventId),
    )) as EventFigures

  async function salesOf(event: KnownEvent): Promise<EventSales> {
    const figures = await figuresOf(event.eventId)
    const { organizerId: _, timeZone: __, ...shown } = event
    return { ...shown, ...shownWithCapacity(figures), currency: figures.currency }
  }

  return {
    soldCountOf: async (eventId: EventId): Promise<number> => shownWithCapacity(await figuresOf(eventId)).soldCount,

    /** What an event has taken at a venue; null where it neither is nor sold anything there. */
    async revenueAt(eventId: EventId, venueId: VenueId) {
      const entry = { tag: `event:${eventId}`, kind: 'revenue', of: venueId, schema: Revenue } as const
      const found = await read(entry, (sql, generation) => findVenueRevenue(sql, generation, { eventId, venueId }))
      return found && { revenue: amountOf(found.revenueMinor), currency: found.currency }
    },

    /** One's events with their figures, the latest event first. */
    async listOf(
      of: { organizerId: UserId; venueId: VenueId | null },
      wish: { limit: number; after: z.output<typeof SalesPosition> | null },
    ): Promise<{ events: EventSales[]; nextCursor: string | null }> {
      const entry = {
        tag: `user:${of.organizerId}`,
        kind: 'sales',
        of: JSON.stringify([of.venueId, wish.limit, wish.after]),
        schema: EventPage,
      } as const
      const listed = await read(entry, async (sql, generation) => {
        const rows = await listEventsOf(sql, generation, of, { ...wish, limit: wish.limit + 1 })
        return pageOf(rows, wish.limit, ({ eventDate, eventId }) => ({ eventDate, eventId }))
      })
      const { page, nextCursor } = listed ?? { page: [], nextCursor: null }
      const events = await Promise.all(page.map(({ eventId }) => access.find(eventId)))
      return { events: await Promise.all(events.filter((event) => event !== null).map(salesOf)), nextCursor }
    },

    async reportOn(event: KnownEvent, interval: Interval): Promise<SalesReport> {
      const entry = { tag: `event:${event.eventId}`, kind: 'report', of: interval, schema: ReportFigures } as const
      const figures = await read(entry, (sql, generation) => getReportFigures(sql, generation, event, interval))
      return reportOf(event, figures as ReportFigures, interval, now())
    },

    linesOf: async (event: KnownEvent, interval: Interval): Promise<Line[]> =>
      (await read({ tag: `event:${event.eventId}`, kind: 'lines', of: interval, schema: Lines }, (sql, generation) =>
        listLines(sql, generation, event, interval),
      )) ?? [],
  }
}
export type SalesReads = ReturnType<typeof createSalesReads>

/** The contract's report of an event in figures; `at` is the time of asking. */
export function reportOf(event: KnownEvent, figures: ReportFigures, interval: Interval, at: Date): SalesReport {
  const { organizerId: _, ...shown } = event
  const { totals, byType, overTime } = figures
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
    checkIns: { count: totals.checkedIn, rate: shareOf(totals.checkedIn, sold.soldCount) },
    interval,
    overTime: overTime.map(({ from, issued, grossMinor, cancelled, refundedMinor, checkedIn }) => ({
      ...{ from: new Date(from), issuedCount: issued, revenue: amountOf(grossMinor), cancelledCount: cancelled },
      ...{ refundedAmount: amountOf(refundedMinor), checkedInCount: checkedIn },
    })),
  }
}
