-- Seats: those that an order's lines name, and those that stood in its way.
alter table orders add column refusal_seat_ids text[];
alter table order_items add column seat_ids text[];

-- What operators ask of a saga: since when it stands where it stands, and why it does not go on.
alter table sagas add column since timestamptz(3) not null default clock_timestamp();
alter table sagas add column last_error text;
update sagas set since = updated_at;

-- A NOTE is what others did to the money (a dispute): the saga does not move by it.
alter table saga_events drop constraint saga_events_moment_valid;
alter table saga_events add constraint saga_events_moment_valid check (moment in ('INTENT', 'RESULT', 'NOTE'));

-- Refunds on request begin before their amount is known, and may come to nothing. A free ticket's amount is 0.
alter table refunds
  alter column amount_minor drop not null,
  drop constraint refunds_amount_positive,
  add constraint refunds_amount_not_negative check (amount_minor >= 0),
  add column status text not null default 'SUCCEEDED'
    constraint refunds_status_valid check (status in ('PENDING', 'SUCCEEDED', 'FAILED')),
  add column requested_by uuid,
  add column requested_ticket_ids uuid[],
  add column failure_reason text,
  add column refused_ticket_ids uuid[],
  add constraint refunds_succeeded_is_complete
    check (status <> 'SUCCEEDED' or (amount_minor is not null and completed_at is not null)),
  add constraint refunds_failed_has_reason check ((status = 'FAILED') = (failure_reason is not null));
-- One at a time: the order's saga works on one refund.
create unique index refunds_one_pending on refunds (order_id) where status = 'PENDING';

-- A ticket is refunded once, ever. Its id is the one that was issued to the buyer.
create table refund_items (
  ticket_id uuid constraint refund_items_pkey primary key,
  refund_id uuid not null constraint refund_items_refund_fkey references refunds (refund_id),
  ticket_type_id uuid not null,
  unit_price_minor bigint not null constraint refund_items_price_not_negative check (unit_price_minor >= 0)
);
create index refund_items_refund_idx on refund_items (refund_id);

-- The orders of a cancelled event are refunded in pages: where the next one begins, who is at it, when to look again (null: done).
alter table cancelled_events
  add column after_created_at timestamptz(3),
  add column after_order_id uuid,
  add column rounds integer not null default 0,
  add column leased_until timestamptz(3),
  add column next_attempt_at timestamptz(3) default clock_timestamp();
create index cancelled_events_due_idx on cancelled_events (next_attempt_at) where next_attempt_at is not null;
