import type { Invariant } from './invariant.ts'

/** The invariants of the ticket service's own database. */
export const ticketsInvariants: readonly Invariant[] = [
  {
    invariant: 'I1',
    statement: 'held and sold counts equal the reservations and tickets, and stay within capacity',
    holds: 'ALWAYS',
    sql: `select c.* from ticket_type_counters c
      left join lateral (select coalesce(sum(i.quantity), 0) as held from reservation_items i
        join reservations r using (reservation_id)
        where i.ticket_type_id = c.ticket_type_id and r.status in ('ACTIVE', 'PAYING')) h on true
      left join lateral (select count(*) as sold from tickets t
        where t.ticket_type_id = c.ticket_type_id and t.status in ('ACTIVE', 'CHECKED_IN')) s on true
      where c.held + c.sold > c.capacity or c.held <> h.held or c.sold <> s.sold`,
  },
  {
    invariant: 'I1',
    statement:
      'a claimed seat is held by one live reservation or sold as one valid ticket, ' +
      'and every such seat is claimed',
    holds: 'ALWAYS',
    sql: `with due as (
        select i.event_id, seat_id, i.reservation_id, null::uuid as ticket_id
        from reservation_items i join reservations r using (reservation_id), unnest(i.seat_ids) seat_id
        where r.status in ('ACTIVE', 'PAYING')
        union all
        select event_id,
          zone_id || '-' || replace(row_label, '-', '_') || '-' || replace(col_label, '-', '_'), null,
          root_ticket_id
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
    holds: 'ALWAYS',
    sql: `select 'reservation' as of, reservation_id::text as id from reservations r
      where not exists (select from event_pictures p
        where p.event_id = r.event_id and p.currency = r.currency)
        or not exists (select from reservation_items i where i.reservation_id = r.reservation_id)
      union all
      select 'item', reservation_id::text from reservation_items i
      where not exists (select from reservations r
          where r.reservation_id = i.reservation_id and r.event_id = i.event_id)
        or not exists (select from ticket_types t
          where t.ticket_type_id = i.ticket_type_id and t.event_id = i.event_id)
      union all
      select 'claim', event_id || ' ' || seat_id from seat_claims c
      where not exists (select from seats s where s.event_id = c.event_id and s.seat_id = c.seat_id)
        or not exists (select from reservations r
          where r.reservation_id = c.reservation_id and r.event_id = c.event_id)`,
  },
  {
    invariant: 'I7',
    statement: 'no hold outlives its deadline by more than one sweep',
    holds: 'ALWAYS',
    sql: `select reservation_id, status, expires_at from reservations
      where status = 'ACTIVE' and expires_at < clock_timestamp() - interval '90 seconds'`,
  },
  {
    invariant: 'I8',
    statement: 'a seat is sold to the user who held it',
    holds: 'ALWAYS',
    sql: `select c.event_id, c.seat_id from seat_claims c join reservations r using (reservation_id)
      join tickets t on t.ticket_id = c.ticket_id where t.user_id <> r.user_id`,
  },
]
