import type { ServiceKey } from '@boxoffice/contracts'

export interface SqlInvariant {
  invariant: string
  statement: string
  service: ServiceKey
  /** Selects the rows that contradict the statement. */
  sql: string
}

export const sqlInvariants: readonly SqlInvariant[] = [
  {
    invariant: 'I1',
    statement: 'held and sold counts equal the reservations and tickets, and stay within capacity',
    service: 'tickets',
    sql: `select c.* from ticket_type_counters c
      left join lateral (select coalesce(sum(i.quantity), 0) as held from reservation_items i join reservations r using (reservation_id)
        where i.ticket_type_id = c.ticket_type_id and r.status in ('ACTIVE', 'PAYING')) h on true
      left join lateral (select count(*) as sold from tickets t
        where t.ticket_type_id = c.ticket_type_id and t.status in ('ACTIVE', 'CHECKED_IN')) s on true
      where c.held + c.sold > c.capacity or c.held <> h.held or c.sold <> s.sold`,
  },
  {
    invariant: 'I1',
    statement:
      'a claimed seat is held by one live reservation or sold as one valid ticket, and every such seat is claimed',
    service: 'tickets',
    sql: `with due as (
        select i.event_id, seat_id, i.reservation_id, null::uuid as ticket_id
        from reservation_items i join reservations r using (reservation_id), unnest(i.seat_ids) seat_id
        where r.status in ('ACTIVE', 'PAYING')
        union all
        select event_id, zone_id || '-' || replace(row_label, '-', '_') || '-' || replace(col_label, '-', '_'), null, root_ticket_id
        from tickets
        where zone_id is not null and status in ('ACTIVE', 'CHECKED_IN'))
      select event_id, seat_id, c.reservation_id, c.ticket_id as claimed, d.ticket_id as due
      from seat_claims c full join due d using (event_id, seat_id)
      where c.seat_id is null or d.seat_id is null or c.ticket_id is distinct from d.ticket_id
        or (d.reservation_id is not null and c.reservation_id <> d.reservation_id)`,
  },
  {
    invariant: 'I1',
    statement: 'every row of a hold refers to an existing event, ticket type, seat and reservation',
    service: 'tickets',
    sql: `select 'reservation' as of, reservation_id::text as id from reservations r
      where not exists (select from event_pictures p where p.event_id = r.event_id and p.currency = r.currency)
        or not exists (select from reservation_items i where i.reservation_id = r.reservation_id)
      union all
      select 'item', reservation_id::text from reservation_items i
      where not exists (select from reservations r where r.reservation_id = i.reservation_id and r.event_id = i.event_id)
        or not exists (select from ticket_types t where t.ticket_type_id = i.ticket_type_id and t.event_id = i.event_id)
      union all
      select 'claim', event_id || ' ' || seat_id from seat_claims c
      where not exists (select from seats s where s.event_id = c.event_id and s.seat_id = c.seat_id)
        or not exists (select from reservations r where r.reservation_id = c.reservation_id and r.event_id = c.event_id)`,
  },
  {
    invariant: 'I3',
    statement:
      'every ledger entry has a debit and a credit of the same amount, and refunds never exceed captures',
    service: 'payments',
    sql: `select reference, 'unbalanced' as why from ledger_entries group by reference
      having sum(case side when 'DEBIT' then amount_minor else -amount_minor end) <> 0 or count(*) <> 2
      union all
      select order_id::text, 'refunded more than captured' from ledger_entries where account = 'gateway' group by order_id
      having sum(case side when 'DEBIT' then amount_minor else -amount_minor end) < 0`,
  },
  {
    invariant: 'I7',
    statement: 'no hold outlives its deadline by more than one sweep',
    service: 'tickets',
    sql: `select reservation_id, status, expires_at from reservations
      where status = 'ACTIVE' and expires_at < clock_timestamp() - interval '90 seconds'`,
  },
  {
    invariant: 'I8',
    statement: 'a seat is sold to the user who held it',
    service: 'tickets',
    sql: `select c.event_id, c.seat_id from seat_claims c join reservations r using (reservation_id)
      join tickets t on t.ticket_id = c.ticket_id where t.user_id <> r.user_id`,
  },
  {
    invariant: 'I9',
    statement: 'every saga is terminal',
    service: 'payments',
    sql: `select order_id, state, attempts from sagas where state not in ('CONFIRMED', 'FAILED', 'CANCELLED', 'REFUNDED')`,
  },
  {
    invariant: 'I11',
    statement: 'a confirmed order has as many tickets as it paid for',
    service: 'payments',
    sql: `select o.order_id, o.status from orders o where o.status = 'CONFIRMED' and
      (select coalesce(sum(quantity), 0) from order_items i where i.order_id = o.order_id) <>
      (select count(*) from order_tickets t where t.order_id = o.order_id)`,
  },
  {
    invariant: 'I11',
    statement: "the refunded amount of an order equals the sum of its refunds' tickets",
    service: 'payments',
    sql: `select r.refund_id, r.amount_minor, i.total from refunds r
      join lateral (select sum(unit_price_minor) as total from refund_items where refund_id = r.refund_id) i on i.total is not null
      where r.status = 'SUCCEEDED' and r.amount_minor > i.total`,
  },
  {
    invariant: 'I15',
    statement: "an order's status matches its saga's state",
    service: 'payments',
    sql: `select o.order_id, o.status, s.state from orders o join sagas s using (order_id) where o.status is distinct from
      case s.state when 'CONFIRMED' then 'CONFIRMED' when 'FAILED' then 'FAILED' when 'CANCELLED' then 'CANCELLED'
        when 'REFUNDED' then 'REFUNDED' when 'AWAITING_TICKETS' then 'PAID'
        when 'WITHDRAWING_TICKETS' then 'REFUND_PENDING' when 'REPAYING' then 'REFUND_PENDING' else o.status end`,
  },
  {
    invariant: 'I15',
    statement: "an order's own contact address was confirmed by its reader and not undone",
    service: 'payments',
    sql: `select o.order_id from orders o where o.contact_email is not null and not exists (
      select from order_contact_changes c where c.order_id = o.order_id and c.email = o.contact_email
        and c.confirmed_at is not null and c.undone_at is null)`,
  },
  {
    invariant: 'I16',
    statement: 'the last journal entry of a saga is its current state, and every entry belongs to a saga',
    service: 'payments',
    sql: `select s.order_id, s.state from sagas s where s.state <>
      (select e.state from saga_events e where e.order_id = s.order_id order by seq desc limit 1)
      union all
      select e.order_id, e.state from saga_events e where not exists (select from sagas s where s.order_id = e.order_id)`,
  },
]
