import { type Sql, sideBySide } from '@boxoffice/service-kit'
import { refundHourColumns, reservationColumns, salesHourColumns } from '../rows.ts'
import type { EventTotals, RefundHour, ReservationFacts, SalesHour } from './counters.ts'
import { addToPaymentTotals } from './payment-repository.ts'
import type { PaymentTotals } from './payments.ts'
import { defineTable } from './table-repository.ts'

const reservations = defineTable<ReservationFacts>({
  name: 'reservations',
  key: ['reservationId'],
  columns: reservationColumns,
})
export const putReservations = reservations.put

/**
 * Returns the stored facts of these reservations, each locked until the transaction ends, in order of their
 * ids.
 */
export const lockReservations = (
  sql: Sql,
  generation: number,
  added: readonly ReservationFacts[],
): Promise<ReservationFacts[]> =>
  sql.query<ReservationFacts>(
    `insert into reservations (generation, reservation_id, event_id)
     select $1, t.reservation_id, t.event_id from unnest($2::uuid[], $3::uuid[]) t(reservation_id, event_id)
     order by t.reservation_id
     on conflict (generation, reservation_id) do update set reservation_id = excluded.reservation_id
     returning ${reservations.selected}`,
    [generation, added.map(({ reservationId }) => reservationId), added.map(({ eventId }) => eventId)],
  )

const salesHours = defineTable<SalesHour>({
  name: 'sales_hours',
  key: ['eventId', 'venueId', 'ticketTypeId', 'hour'],
  columns: salesHourColumns,
  onConflict: `issued = t.issued + excluded.issued, gross_minor = t.gross_minor + excluded.gross_minor,
    cancelled = t.cancelled + excluded.cancelled, refunded_minor = t.refunded_minor + excluded.refunded_minor,
    checked_in = t.checked_in + excluded.checked_in`,
})

const refundHours = defineTable<RefundHour>({
  name: 'refund_hours',
  key: ['eventId', 'venueId', 'hour'],
  columns: refundHourColumns,
  onConflict:
    'refunds = t.refunds + excluded.refunds, refunded_minor = t.refunded_minor + excluded.refunded_minor',
})

const eventTotals = defineTable<EventTotals>({
  name: 'event_totals',
  key: ['eventId'],
  columns: {
    eventId: 'event_id',
    converted: 'converted',
    released: 'released',
    currency: 'currency',
    asOf: 'as_of',
  },
  onConflict: `converted = t.converted + excluded.converted, released = t.released + excluded.released,
    currency = least(t.currency, excluded.currency), as_of = greatest(t.as_of, excluded.as_of)`,
})

/** The differences to apply to counters. */
export interface Differences {
  readonly sales: readonly SalesHour[]
  readonly refunds: readonly RefundHour[]
  readonly payments: readonly PaymentTotals[]
  readonly totals: readonly EventTotals[]
}

/** Adds differences to the counters, row by row in order of their keys. */
export async function addToCounters(sql: Sql, generation: number, differences: Differences): Promise<void> {
  await sideBySide([
    salesHours.put(sql, generation, differences.sales),
    refundHours.put(sql, generation, differences.refunds),
    addToPaymentTotals(sql, generation, differences.payments),
    eventTotals.put(sql, generation, differences.totals),
  ])
}
