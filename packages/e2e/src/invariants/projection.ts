import type { ServiceKey } from '@boxoffice/contracts'
import type { Query, Violation } from './observed.ts'

type Row = Record<string, unknown>

/** A projection of the read side and its source: both queries must return the same rows. */
interface Mirrored {
  statement: string
  /** The service that owns the data. */
  service: ServiceKey
  truth: string
  projected: string
}

const current = `(select generation from generations where state = 'ACTIVE')`

const mirrored: readonly Mirrored[] = [
  {
    statement: 'the read side has every event in its current state',
    service: 'events',
    truth: `select id as event_id, organizer_id, name, event_date, time_zone, venue_id, status::text, version
      from events`,
    projected: `select event_id, organizer_id, name, event_date, time_zone, venue_id, status, version
      from events where generation = ${current} and not deleted`,
  },
  {
    statement: 'the read side has every ticket with its owner and status',
    service: 'tickets',
    truth: `select t.ticket_id, t.order_id, t.event_id, t.ticket_type_id, t.user_id, t.status,
        t.unit_price_minor::text as price,
        t.zone_id, t.row_label, t.col_label from tickets t`,
    projected: `select ticket_id, order_id, event_id, ticket_type_id, user_id,
        case when next_ticket_id is not null then 'TRANSFERRED'
          when checked_in_at is not null then 'CHECKED_IN'
          when cancelled_at is not null then 'CANCELLED' else 'ACTIVE' end as status,
        price_minor::text as price,
        zone_id, row_label, col_label from tickets where generation = ${current}`,
  },
  {
    statement: "the read side's counters equal the sums of issued, cancelled and checked-in tickets",
    service: 'tickets',
    truth: `select event_id, ticket_type_id,
        count(*) filter (where ticket_id = root_ticket_id)::int as issued,
        coalesce(sum(unit_price_minor) filter (where ticket_id = root_ticket_id), 0)::text as gross,
        count(*) filter (where status = 'CANCELLED')::int as cancelled,
        count(*) filter (where status = 'CHECKED_IN')::int as checked_in
      from tickets group by event_id, ticket_type_id`,
    projected: `select event_id, ticket_type_id, sum(issued)::int as issued, sum(gross_minor)::text as gross,
        sum(cancelled)::int as cancelled,
        sum(checked_in)::int as checked_in
      from sales_hours where generation = ${current} group by event_id, ticket_type_id`,
  },
  {
    statement: 'the read side has every ticket type on sale and its capacity',
    service: 'tickets',
    truth: `select t.ticket_type_id, t.event_id, t.name, t.unit_price_minor::text as price, c.capacity
      from ticket_types t join ticket_type_counters c using (ticket_type_id) where t.withdrawn_at is null`,
    projected: `select ticket_type_id, event_id, name, unit_price_minor::text as price,
        quantity_total as capacity
      from ticket_types where generation = ${current} and not withdrawn`,
  },
  {
    statement: 'the read side counts the holds that converted to tickets and those that were released',
    service: 'tickets',
    truth: `select event_id, count(*) filter (where issued)::int as converted,
        count(*) filter (where not issued)::int as released
      from (select r.event_id, r.status, exists (select from order_outcomes o join tickets t using (order_id)
              where o.reservation_id = r.reservation_id) as issued from reservations r) r
      where issued or status in ('EXPIRED', 'CANCELLED') group by event_id`,
    projected: `select event_id, converted, released from event_totals
      where generation = ${current} and converted + released > 0`,
  },
  {
    statement: 'the read side has the refunds of orders with tickets',
    service: 'payments',
    truth: `select o.event_id, count(*)::int as refunds, sum(r.amount_minor)::text as amount
      from refunds r join orders o using (order_id)
      where r.status = 'SUCCEEDED' and r.amount_minor > 0
        and exists (select from order_tickets t where t.order_id = o.order_id)
      group by o.event_id`,
    projected: `select event_id, sum(refunds)::int as refunds, sum(refunded_minor)::text as amount
      from refund_hours where generation = ${current} group by event_id having sum(refunds) > 0`,
  },
  {
    statement: 'the read side has the refunded amount of each ticket type',
    service: 'payments',
    // The message of a refund made at the gateway by hand names no tickets.
    truth: `select o.event_id, i.ticket_type_id, sum(i.unit_price_minor)::text as amount
      from refund_items i join refunds r using (refund_id) join orders o using (order_id)
      where r.status = 'SUCCEEDED' and r.amount_minor > 0 and r.reason <> 'REFUNDED_AT_GATEWAY'
      group by o.event_id, i.ticket_type_id having sum(i.unit_price_minor) > 0`,
    projected: `select event_id, ticket_type_id, sum(refunded_minor)::text as amount
      from sales_hours where generation = ${current} group by event_id, ticket_type_id
      having sum(refunded_minor) > 0`,
  },
  {
    statement: 'the read side counts successful payments, and failed payments by reason',
    service: 'payments',
    // A message may be published twice with different ids, so orders are counted.
    truth: `select body #>> '{payload,eventId}' as event_id,
        count(distinct body #>> '{payload,orderId}')::int as payments,
        case event_type when 'PAYMENT_COMPLETED' then 'COMPLETED'
          else body #>> '{payload,failureReason}' end as outcome
      from (select event_type, body from outbox
        union all select event_type, body from message_archive) published
      where event_type = 'PAYMENT_FAILED'
        or event_type = 'PAYMENT_COMPLETED' and (body #>> '{payload,totalAmount}')::numeric > 0
      group by 1, 3`,
    projected: `select event_id, payments, outcome from payment_totals
      where generation = ${current} and payments > 0`,
  },
]

/** Returns where the read side differs from the owning services. */
export const projections = (query: Query): Promise<Violation>[] =>
  mirrored.map(async ({ statement, service, truth, projected }) => {
    const [ours, theirs] = await Promise.all([query<Row>('analytics', projected), query<Row>(service, truth)])
    return { invariant: 'R1', statement, rows: differences(theirs, ours) }
  })

function differences(theirs: readonly Row[], ours: readonly Row[]): unknown[] {
  const textOf = (row: Row) => JSON.stringify(row)
  const [truth, projected] = [new Set(theirs.map(textOf)), new Set(ours.map(textOf))]
  return [
    ...[...truth].filter((row) => !projected.has(row)).map((row) => ({ missing: JSON.parse(row) })),
    ...[...projected].filter((row) => !truth.has(row)).map((row) => ({ invented: JSON.parse(row) })),
  ]
}
