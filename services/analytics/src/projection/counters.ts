import type { Currency, EventId, TicketTypeId, VenueId } from '@boxoffice/contracts'
import type { ReservationRow } from '../rows.ts'
import { type OrderReplica, statusOf, type TicketFacts } from './order-facts.ts'

// What facts add to the counters. Counters are sums of these and change by the difference between before and
// after, so a repeated fact changes nothing.

const HOUR_MS = 3_600_000
const hourOf = (at: Date) => new Date(Math.floor(at.getTime() / HOUR_MS) * HOUR_MS)

/** Ticket sales of a type within an hour; amounts in minor units. */
export interface SalesHour {
  readonly eventId: EventId
  readonly venueId: VenueId
  readonly ticketTypeId: TicketTypeId
  readonly hour: Date
  readonly issued: number
  readonly grossMinor: number
  readonly cancelled: number
  readonly refundedMinor: number
  readonly checkedIn: number
}

/** Refunds within an hour. */
export interface RefundHour {
  readonly eventId: EventId
  readonly venueId: VenueId
  readonly hour: Date
  readonly refunds: number
  readonly refundedMinor: number
}

/** The outcome of a hold. */
export type ReservationFacts = Omit<ReservationRow, 'generation'>

/** Totals of an event; `asOf` is the newest message about it. */
export interface EventTotals {
  readonly eventId: EventId
  readonly converted: number
  readonly released: number
  readonly currency: Currency | null
  readonly asOf: Date
}

/** Returns what an order's tickets add. A ticket whose sale is not known yet adds nothing. */
export const salesOf = ({ tickets }: OrderReplica): SalesHour[] =>
  [...tickets.values()].flatMap(salesOfTicket)

function salesOfTicket(ticket: TicketFacts): SalesHour[] {
  const {
    eventId,
    venueId,
    ticketTypeId,
    priceMinor,
    createdOn,
    issuedAt,
    cancelledAt,
    checkedInAt,
    refundedAt,
  } = ticket
  if (!venueId || !ticketTypeId || priceMinor === null || !createdOn) return []
  const at = (time: Date, what: Partial<SalesHour>): SalesHour => ({
    ...{ eventId, venueId, ticketTypeId, hour: hourOf(time) },
    ...{ issued: 0, grossMinor: 0, cancelled: 0, refundedMinor: 0, checkedIn: 0 },
    ...what,
  })
  return [
    ...(issuedAt ? [at(createdOn, { issued: 1, grossMinor: priceMinor })] : []),
    ...(cancelledAt && statusOf(ticket) === 'CANCELLED' ? [at(cancelledAt, { cancelled: 1 })] : []),
    ...(checkedInAt ? [at(checkedInAt, { checkedIn: 1 })] : []),
    // Refunds name tickets by their original ids.
    ...(issuedAt && refundedAt ? [at(refundedAt, { refundedMinor: priceMinor })] : []),
  ]
}

/**
 * Returns the refunds of an order. If its tickets were never issued there was no sale, and its refund reduces
 * none.
 */
export function refundsOf({ order, refunds }: OrderReplica): RefundHour[] {
  const { eventId, venueId, issuedAt } = order
  if (!venueId || !issuedAt) return []
  return [...refunds.values()].map(({ amountMinor, refundedAt }) => ({
    ...{ eventId, venueId, hour: hourOf(refundedAt) },
    ...{ refunds: 1, refundedMinor: amountMinor },
  }))
}

/**
 * A hold that became tickets counts as converted even if it was released before: a late payment takes places
 * again.
 */
export const holdsOf = ({ convertedAt, releasedAt }: ReservationFacts) => ({
  converted: convertedAt ? 1 : 0,
  released: !convertedAt && releasedAt ? 1 : 0,
})

/** Returns `after − before` for the numbers of each row, without rows that are equal. */
export function differenceOf<Row extends object>(before: readonly Row[], after: readonly Row[]): Row[] {
  const sums = new Map<string, Record<string, unknown>>()
  const add = (row: Row, sign: 1 | -1) => {
    const key = JSON.stringify(Object.values(row).filter((value) => typeof value !== 'number'))
    const sum = sums.get(key)
    const fields = Object.entries(row).map(([field, value]) =>
      typeof value === 'number' ? [field, ((sum?.[field] as number) ?? 0) + sign * value] : [field, value],
    )
    sums.set(key, Object.fromEntries(fields))
  }
  for (const row of before) add(row, -1)
  for (const row of after) add(row, 1)
  return [...sums]
    .filter(([, sum]) => Object.values(sum).some((value) => typeof value === 'number' && value !== 0))
    .map(([, sum]) => sum as Row)
}
