import type { ServiceKey } from '@boxoffice/contracts'
import type { Query, Violation } from './observed.ts'

type Row = Record<string, unknown>

/** Something that the read side keeps, and where it comes from: the same rows, from both. */
interface Mirrored {
  statement: string
  /** Whose truth it is. */
  service: ServiceKey
  truth: string
  projected: string
}

const current = `(select generation from generations where state = 'ACTIVE')`

const mirrored: readonly Mirrored[] = [
  {
    statement: 'the read side knows every event as it is',
    service: 'events',
    truth: `select id as event_id, organizer_id, name, event_date, time_zone, venue_id, status::text, version from events`,
    projected: `select event_id, organizer_id, name, event_date, time_zone, venue_id, status, version from events where generation = ${current} and not deleted`,
  },
  {
    statement: 'the read side knows every ticket, whose it is and what became of it',
    service: 'tickets',
    truth: `select t.ticket_id, t.order_id, t.event_id, t.ticket_type_id, t.user_id, t.status, t.unit_price_minor::text as price,
        t.zone_id, t.row_label, t.col_label from tickets t`,
    projected: `select ticket_id, order_id, event_id, ticket_type_id, user_id,
        case when next_ticket_id is not null then 'TRANSFERRED' when checked_in_at is not null then 'CHECKED_IN'
          when cancelled_at is not null then 'CANCELLED' else 'ACTIVE' end as status, price_minor::text as price,
        zone_id, row_label, col_label from tickets where generation = ${current}`,
  },
  {
    statement:
      'the counters of the read side are the sums over the tickets that were issued, cancelled and used',
    service: 'tickets',
    truth: `select event_id, ticket_type_id, count(*) filter (where ticket_id = root_ticket_id)::int as issued,
        coalesce(sum(unit_price_minor) filter (where ticket_id = root_ticket_id), 0)::text as gross,
        count(*) filter (where status = 'CANCELLED')::int as cancelled, count(*) filter (where status = 'CHECKED_IN')::int as checked_in
      from tickets group by event_id, ticket_type_id`,
    projected: `select event_id, ticket_type_id, sum(issued)::int as issued, sum(gross_minor)::text as gross, sum(cancelled)::int as cancelled,
        sum(checked_in)::int as checked_in
      from sales_hours where generation = ${current} group by event_id, ticket_type_id`,
  },
  {
    statement: 'the read side knows what is offered, and how much of it',
    service: 'tickets',
    truth: `select t.ticket_type_id, t.event_id, t.name, t.unit_price_minor::text as price, c.capacity
      from ticket_types t join ticket_type_counters c using (ticket_type_id) where t.withdrawn_at is null`,
    projected: `select ticket_type_id, event_id, name, unit_price_minor::text as price, quantity_total as capacity
      from ticket_types where generation = ${current} and not withdrawn`,
  },
  {
    statement: 'the read side counts the holds that became tickets and those that came to nothing',
    service: 'tickets',
    truth: `select event_id, count(*) filter (where issued)::int as converted, count(*) filter (where not issued)::int as released
      from (select r.event_id, r.status, exists (select from order_outcomes o join tickets t using (order_id)
              where o.reservation_id = r.reservation_id) as issued from reservations r) r
      where issued or status in ('EXPIRED', 'CANCELLED') group by event_id`,
    projected: `select event_id, converted, released from event_totals
      where generation = ${current} and converted + released > 0`,
  },
  {
    statement: 'the read side knows what went back for orders that had tickets',
    service: 'payments',
    truth: `select o.event_id, count(*)::int as refunds, sum(r.amount_minor)::text as amount
      from refunds r join orders o using (order_id)
      where r.status = 'SUCCEEDED' and r.amount_minor > 0 and exists (select from order_tickets t where t.order_id = o.order_id)
      group by o.event_id`,
    projected: `select event_id, sum(refunds)::int as refunds, sum(refunded_minor)::text as amount
      from refund_hours where generation = ${current} group by event_id having sum(refunds) > 0`,
  },
  {
    statement: 'the read side knows of which types the tickets were whose money went back',
    service: 'payments',
    // What somebody gave back at the gateway by hand names no tickets when it is told.
    truth: `select o.event_id, i.ticket_type_id, sum(i.unit_price_minor)::text as amount
      from refund_items i join refunds r using (refund_id) join orders o using (order_id)
      where r.status = 'SUCCEEDED' and r.amount_minor > 0 and r.reason <> 'REFUNDED_AT_GATEWAY'
      group by o.event_id, i.ticket_type_id having sum(i.unit_price_minor) > 0`,
    projected: `select event_id, ticket_type_id, sum(refunded_minor)::text as amount
      from sales_hours where generation = ${current} group by event_id, ticket_type_id having sum(refunded_minor) > 0`,
  },
  {
    statement: 'the read side counts the payments that were made, and those that failed by their reason',
    service: 'payments',
    // A message may be said twice, under another id: the order is what is counted.
    truth: `select body #>> '{payload,eventId}' as event_id, count(distinct body #>> '{payload,orderId}')::int as payments,
        case event_type when 'PAYMENT_COMPLETED' then 'COMPLETED' else body #>> '{payload,failureReason}' end as outcome
      from (select event_type, body from outbox union all select event_type, body from message_archive) told
      where event_type = 'PAYMENT_FAILED'
        or event_type = 'PAYMENT_COMPLETED' and (body #>> '{payload,totalAmount}')::numeric > 0
      group by 1, 3`,
    projected: `select event_id, payments, outcome from payment_totals where generation = ${current} and payments > 0`,
  },
]

/** What the read side has otherwise than the services themselves. */
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
