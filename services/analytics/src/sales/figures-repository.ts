import { type Currency, type EventId, TimeZone, type UserId, type VenueId } from '@boxoffice/contracts'
import type { Sql } from '@boxoffice/service-kit'
import { knownEventColumns } from '../reading/known-event-repository.ts'
import type { EventFigures, LineFigures, OverviewLine, ReportFigures } from './figures.ts'

export type Interval = 'hour' | 'day'

const SUMS = `coalesce(sum(issued), 0)::int as issued, coalesce(sum(gross_minor), 0)::bigint as "grossMinor",
  coalesce(sum(cancelled), 0)::int as cancelled, coalesce(sum(refunded_minor), 0)::bigint as "refundedMinor",
  coalesce(sum(checked_in), 0)::int as "checkedIn"`
const HAPPENED =
  '(issued <> 0 or gross_minor <> 0 or cancelled <> 0 or refunded_minor <> 0 or checked_in <> 0)'

/** SQL for one row: the figures of an event in generation $1. */
const totalsOf = (eventId: string) => `
  select s.issued, s."grossMinor", s.cancelled, r."refundedMinor", s."checkedIn", r.refunds, o.capacity,
    coalesce(e.converted, 0) as converted, coalesce(e.released, 0) as released, e.currency, e.as_of as "asOf"
  from (select ${SUMS} from sales_hours where generation = $1 and event_id = ${eventId}) s
  cross join (
    select coalesce(sum(refunds), 0)::int as refunds,
      coalesce(sum(refunded_minor), 0)::bigint as "refundedMinor"
    from refund_hours where generation = $1 and event_id = ${eventId}) r
  cross join (
    select case when count(*) > 0
      then coalesce(sum(quantity_total) filter (where not withdrawn), 0) end::int as capacity
    from ticket_types where generation = $1 and event_id = ${eventId}) o
  left join event_totals e on e.generation = $1 and e.event_id = ${eventId}`

/** Returns the figures of an event: zeros if nothing is known. */
export async function getEventFigures(sql: Sql, generation: number, eventId: EventId): Promise<EventFigures> {
  const [row] = await sql.query<{ figures: EventFigures }>(
    `select to_jsonb(f) as figures from (${totalsOf('$2')}) f`,
    [generation, eventId],
  )
  if (!row) throw new Error('an aggregate without a row')
  return row.figures
}

/** Hours, or the days that they begin in. */
const periodOf = (interval: Interval) =>
  interval === 'hour' ? 'hour' : `date_trunc('day', hour at time zone $3) at time zone $3`
const parametersOf = (generation: number, eventId: EventId, interval: Interval, timeZone: string) => [
  ...[generation, eventId],
  ...(interval === 'day' ? [timeZone] : []),
]

type OfEvent = Readonly<{ eventId: EventId; timeZone: string }>
const UNKNOWN_ZONE = '22023'

/**
 * The event's zone may be unknown to this PostgreSQL, or an offset, whose sign PostgreSQL inverts: then UTC
 * is used.
 */
async function inKnownZone<R>(timeZone: string, query: (timeZone: string) => Promise<R>): Promise<R> {
  if (!TimeZone.safeParse(timeZone).success) return query('UTC')
  try {
    return await query(timeZone)
  } catch (error) {
    if ((error as { code?: unknown }).code !== UNKNOWN_ZONE) throw error
    return query('UTC')
  }
}

/** Reads a whole report in one statement, so that its parts are consistent. */
export const getReportFigures = (
  sql: Sql,
  generation: number,
  event: OfEvent,
  interval: Interval,
): Promise<ReportFigures> =>
  inKnownZone(event.timeZone, async (timeZone) => {
    const [row] = await sql.query<ReportFigures>(
      `select
       (select to_jsonb(f) from (${totalsOf('$2')}) f) as totals,
       (select coalesce(jsonb_agg(f order by f.name, f."ticketTypeId"), '[]') from (
          select ticket_type_id as "ticketTypeId", t.name, t.unit_price_minor as "unitPriceMinor",
            case when t.withdrawn then 0 else t.quantity_total end as capacity,
            coalesce(s.issued, 0) as issued, coalesce(s."grossMinor", 0) as "grossMinor",
            coalesce(s.cancelled, 0) as cancelled, coalesce(s."refundedMinor", 0) as "refundedMinor",
            coalesce(s."checkedIn", 0) as "checkedIn"
          from (select * from ticket_types where generation = $1 and event_id = $2) t
          full join (select ticket_type_id, ${SUMS} from sales_hours where generation = $1 and event_id = $2
            group by 1) s
            using (ticket_type_id)
          where s.issued > 0 or not t.withdrawn) f) as "byType",
       (select coalesce(jsonb_agg(f order by f."from"), '[]') from (
          select ${periodOf(interval)} as "from", ${SUMS}
          from (select hour, issued, gross_minor, cancelled, 0 as refunded_minor, checked_in
                from sales_hours where generation = $1 and event_id = $2
                union all
                select hour, 0, 0, 0, refunded_minor, 0 from refund_hours
                where generation = $1 and event_id = $2) h
          where ${HAPPENED} group by 1) f) as "overTime",
       (select coalesce(jsonb_agg(f order by f.payments desc, f.outcome), '[]') from (
          select outcome, payments, amount_minor as "amountMinor" from payment_totals
          where generation = $1 and event_id = $2 and payments > 0) f) as payments`,
      parametersOf(generation, event.eventId, interval, timeZone),
    )
    if (!row) throw new Error('a statement without a row')
    return row
  })

/** Returns the sales of each type by period, oldest first, then refunds that name no tickets. */
export const getLines = (
  sql: Sql,
  generation: number,
  event: OfEvent,
  interval: Interval,
): Promise<LineFigures> =>
  inKnownZone(event.timeZone, async (timeZone) => {
    const period = periodOf(interval)
    const [row] = await sql.query<LineFigures>(
      `select (select currency from event_totals where generation = $1 and event_id = $2) as currency,
         coalesce(jsonb_agg(f order by f."from", f.name, f."ticketTypeId"), '[]') as lines
       from (
         select ${period} as "from", ticket_type_id as "ticketTypeId", min(t.name) as name, ${SUMS}
         from sales_hours s left join ticket_types t using (generation, ticket_type_id)
         where s.generation = $1 and s.event_id = $2 and ${HAPPENED} group by 1, 2
         union all
         select ${period}, null, null, 0, 0, 0, sum(refunded_minor)::bigint, 0
         from (select hour, refunded_minor from refund_hours where generation = $1 and event_id = $2
               union all
               select hour, -refunded_minor from sales_hours where generation = $1 and event_id = $2) rest
         group by 1 having sum(refunded_minor) > 0) f`,
      parametersOf(generation, event.eventId, interval, timeZone),
    )
    if (!row) throw new Error('an aggregate without a row')
    return row
  })

/**
 * Returns an event's revenue at a venue, in minor units; null if the event neither is nor sold anything
 * there.
 */
export async function findVenueRevenue(
  sql: Sql,
  generation: number,
  { eventId, venueId }: { eventId: EventId; venueId: VenueId },
): Promise<{ revenueMinor: number; currency: Currency | null } | null> {
  const [row] = await sql.query<{ revenueMinor: number; currency: Currency | null; isThere: boolean }>(
    `select (s.gross - r.refunded)::bigint as "revenueMinor",
       (select currency from event_totals where generation = $1 and event_id = $2),
       s.issued > 0 or exists (select from events where generation = $1 and event_id = $2
         and venue_id = $3) as "isThere"
     from (select coalesce(sum(gross_minor), 0) as gross, coalesce(sum(issued), 0) as issued
           from sales_hours where generation = $1 and event_id = $2 and venue_id = $3) s
     cross join (select coalesce(sum(refunded_minor), 0) as refunded
                 from refund_hours where generation = $1 and event_id = $2 and venue_id = $3) r`,
    [generation, eventId, venueId],
  )
  return row?.isThere ? row : null
}

/** Returns an organizer's events with their figures, latest first, from after `after` on. */
export const listOverview = (
  sql: Sql,
  generation: number,
  of: { organizerId: UserId; venueId: VenueId | null },
  { limit, after }: { limit: number; after: { eventDate: Date; eventId: string } | null },
): Promise<OverviewLine[]> =>
  sql.query(
    `select ${knownEventColumns}, to_jsonb(f) as figures
     from (select * from events
           where generation = $1 and organizer_id = $2 and not deleted and ($3::uuid is null or venue_id = $3)
             and ($5::timestamptz is null or (event_date, event_id) < ($5, $6::uuid))
           order by event_date desc, event_id desc limit $4) own
     cross join lateral (${totalsOf('own.event_id')}) f
     order by own.event_date desc, own.event_id desc`,
    [generation, of.organizerId, of.venueId, limit, after?.eventDate ?? null, after?.eventId ?? null],
  )
