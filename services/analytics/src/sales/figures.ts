import { Currency, FailureReason, type Minor, TicketTypeId } from '@boxoffice/contracts'
import { z } from 'zod'
import { KnownEvent } from '../reading/known-event-repository.ts'

const Count = z.int()
/** Sums over the counters of an event or one of its types; amounts in minor units. */
export const Sums = z.object({
  issued: Count,
  grossMinor: Count,
  cancelled: Count,
  refundedMinor: Count,
  checkedIn: Count,
})
export type Sums = z.output<typeof Sums>

/** Figures of an event; its refunds include those that name no tickets. */
export const EventFigures = Sums.extend({
  refunds: Count,
  converted: Count,
  released: Count,
  capacity: Count.nullable(),
  currency: Currency.nullable(),
  asOf: z.iso.datetime({ offset: true }).nullable(),
})
export type EventFigures = z.output<typeof EventFigures>

export const TypeFigures = Sums.extend({
  ticketTypeId: TicketTypeId,
  name: z.string().nullable(),
  unitPriceMinor: Count.nullable(),
  capacity: Count.nullable(),
})
export type TypeFigures = z.output<typeof TypeFigures>

export const PeriodFigures = Sums.extend({ from: z.iso.datetime({ offset: true }) })
/** Payments of an event with this outcome. */
export const PaymentFigures = z.object({
  outcome: z.enum(['COMPLETED', ...FailureReason.options]),
  payments: Count,
  amountMinor: Count,
})

export const ReportFigures = z.object({
  totals: EventFigures,
  byType: z.array(TypeFigures),
  overTime: z.array(PeriodFigures),
  payments: z.array(PaymentFigures),
})
export type ReportFigures = z.output<typeof ReportFigures>

/** A line of the CSV: a type within a period; without a type, refunds that name no tickets. */
export const Line = PeriodFigures.extend({
  ticketTypeId: TicketTypeId.nullable(),
  name: z.string().nullable(),
})
export type Line = z.output<typeof Line>
export const LineFigures = z.object({ lines: z.array(Line), currency: Currency.nullable() })
export type LineFigures = z.output<typeof LineFigures>

/** An event in an overview. */
export const OverviewLine = KnownEvent.extend({ figures: EventFigures })
export type OverviewLine = z.output<typeof OverviewLine>

/** Never below zero: while messages are out of order, a subtraction may arrive before its sale. */
export const amountOf = (minor: number) => Math.max(0, minor) as Minor

export const shareOf = (part: number, whole: number | null) => (whole ? part / whole : null)

/** Maps sums to the contract. */
export function shownSums({ issued, grossMinor, cancelled, refundedMinor, checkedIn }: Sums) {
  return {
    soldCount: Math.max(0, issued - cancelled),
    revenue: amountOf(grossMinor - refundedMinor),
    cancelledCount: cancelled,
    refundedAmount: amountOf(refundedMinor),
    checkedInCount: checkedIn,
  }
}

/** Maps sums to the contract, with the share of the capacity that is sold. */
export function shownWithCapacity(sums: Sums & { capacity: number | null }) {
  const shown = shownSums(sums)
  return { ...shown, capacity: sums.capacity, sellThrough: shareOf(shown.soldCount, sums.capacity) }
}
