import type { Invariant } from './invariant.ts'

/** The invariants of the payment service's own database. */
export const paymentsInvariants: readonly Invariant[] = [
  {
    invariant: 'I3',
    statement:
      'every ledger entry has a debit and a credit of the same amount, and refunds never exceed captures',
    holds: 'ALWAYS',
    sql: `select reference, 'unbalanced' as why from ledger_entries group by reference
      having sum(case side when 'DEBIT' then amount_minor else -amount_minor end) <> 0 or count(*) <> 2
      union all
      select order_id::text, 'refunded more than captured' from ledger_entries where account = 'gateway'
      group by order_id
      having sum(case side when 'DEBIT' then amount_minor else -amount_minor end) < 0`,
  },
  {
    invariant: 'I9',
    statement: 'every saga is terminal',
    holds: 'WHEN_IDLE',
    sql: `select order_id, state, attempts from sagas
      where state not in ('CONFIRMED', 'FAILED', 'CANCELLED', 'REFUNDED')`,
  },
  {
    invariant: 'I11',
    statement: 'a confirmed order has as many tickets as it paid for',
    holds: 'ALWAYS',
    sql: `select o.order_id, o.status from orders o where o.status = 'CONFIRMED' and
      (select coalesce(sum(quantity), 0) from order_items i where i.order_id = o.order_id) <>
      (select count(*) from order_tickets t where t.order_id = o.order_id)`,
  },
  {
    invariant: 'I11',
    statement: "the refunded amount of an order equals the sum of its refunds' tickets",
    holds: 'ALWAYS',
    sql: `select r.refund_id, r.amount_minor, i.total from refunds r
      join lateral (select sum(unit_price_minor) as total from refund_items
        where refund_id = r.refund_id) i on i.total is not null
      where r.status = 'SUCCEEDED' and r.amount_minor > i.total`,
  },
  {
    invariant: 'I15',
    statement: "an order's status matches its saga's state",
    holds: 'ALWAYS',
    sql: `select o.order_id, o.status, s.state from orders o join sagas s using (order_id)
      where o.status is distinct from case s.state when 'CONFIRMED' then 'CONFIRMED'
        when 'FAILED' then 'FAILED' when 'CANCELLED' then 'CANCELLED'
        when 'REFUNDED' then 'REFUNDED' when 'AWAITING_TICKETS' then 'PAID'
        when 'WITHDRAWING_TICKETS' then 'REFUND_PENDING' when 'REPAYING' then 'REFUND_PENDING'
        else o.status end`,
  },
  {
    invariant: 'I15',
    statement: "an order's own contact address was confirmed by its reader and not undone",
    holds: 'ALWAYS',
    sql: `select o.order_id from orders o where o.contact_email is not null and not exists (
      select from order_contact_changes c where c.order_id = o.order_id and c.email = o.contact_email
        and c.confirmed_at is not null and c.undone_at is null)`,
  },
  {
    invariant: 'I16',
    statement: 'the last journal entry of a saga is its current state, and every entry belongs to a saga',
    holds: 'ALWAYS',
    sql: `select s.order_id, s.state from sagas s where s.state <>
      (select e.state from saga_events e where e.order_id = s.order_id order by seq desc limit 1)
      union all
      select e.order_id, e.state from saga_events e
      where not exists (select from sagas s where s.order_id = e.order_id)`,
  },
]
