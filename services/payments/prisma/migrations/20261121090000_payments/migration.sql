create sequence order_number_seq;

create table orders (
  order_id uuid constraint orders_pkey primary key,
  order_number text not null constraint orders_number_unique unique,
  user_id uuid not null,
  event_id uuid,
  reservation_id uuid not null,
  status text not null default 'PENDING' constraint orders_status_valid
    check (status in ('PENDING', 'PAID', 'CONFIRMED', 'FAILED', 'CANCELLED', 'REFUND_PENDING', 'REFUNDED')),
  payment_status text not null default 'PENDING' constraint orders_payment_status_valid
    check (payment_status in ('PENDING', 'UNKNOWN', 'COMPLETED', 'FAILED', 'PARTIALLY_REFUNDED', 'REFUNDED')),
  payment_method text not null,
  holder_name text not null,
  total_amount_minor bigint constraint orders_total_not_negative check (total_amount_minor >= 0),
  refunded_amount_minor bigint not null default 0,
  currency char(3),
  transaction_id text,
  failure_reason text,
  -- What the buyer was answered when the order failed: the same key gets it again.
  refusal_status integer,
  refusal_code text,
  refusal_message text,
  idempotency_key text not null,
  body_hash text not null,
  -- Whether the first answer was 202: then a repetition gets the current state rather than the first one.
  deferred boolean not null default false,
  version integer not null default 1,
  created_at timestamptz(3) not null default clock_timestamp(),
  completed_at timestamptz(3),
  constraint orders_idempotency_key_unique unique (user_id, idempotency_key),
  constraint orders_refund_within_total check (refunded_amount_minor between 0 and coalesce(total_amount_minor, 0)),
  constraint orders_total_has_currency check ((total_amount_minor is null) = (currency is null)),
  constraint orders_failed_has_reason check (status <> 'FAILED' or failure_reason is not null)
);
create index orders_user_idx on orders (user_id, created_at desc, order_id desc);
create index orders_event_idx on orders (event_id, created_at desc, order_id desc);

create table order_items (
  order_id uuid not null constraint order_items_order_fkey references orders (order_id),
  ticket_type_id uuid not null,
  quantity integer not null constraint order_items_quantity_positive check (quantity > 0),
  unit_price_minor bigint not null constraint order_items_price_not_negative check (unit_price_minor >= 0),
  constraint order_items_pkey primary key (order_id, ticket_type_id)
);

create table order_tickets (
  ticket_id uuid constraint order_tickets_pkey primary key,
  order_id uuid not null constraint order_tickets_order_fkey references orders (order_id),
  ticket_number text not null,
  qr_code text not null
);
create index order_tickets_order_idx on order_tickets (order_id);

-- The saga of an order: where it stands, who works on it (lease and fence), when to look at it again.
create table sagas (
  order_id uuid constraint sagas_pkey primary key constraint sagas_order_fkey references orders (order_id),
  state text not null,
  context jsonb not null,
  version integer not null default 1,
  fence integer not null default 1,
  leased_until timestamptz(3),
  next_attempt_at timestamptz(3),
  attempts integer not null default 0,
  created_at timestamptz(3) not null default clock_timestamp(),
  updated_at timestamptz(3) not null default clock_timestamp()
);
-- Those that have something left to do; a finished saga has no next attempt.
create index sagas_due_idx on sagas (next_attempt_at) where next_attempt_at is not null;
create index sagas_state_idx on sagas (state);

-- The journal: what was meant (INTENT), what came of it (RESULT, with the input that the table was given). Only ever appended.
create table saga_events (
  order_id uuid not null constraint saga_events_order_fkey references orders (order_id),
  seq integer not null,
  at timestamptz(3) not null default clock_timestamp(),
  moment text not null constraint saga_events_moment_valid check (moment in ('INTENT', 'RESULT')),
  step text not null,
  result text,
  input jsonb,
  detail jsonb,
  state text not null,
  fence integer not null,
  constraint saga_events_pkey primary key (order_id, seq)
);

-- Double entry: every reference has one debit and one credit of the same amount.
create table ledger_entries (
  reference text not null,
  account text not null constraint ledger_entries_account_valid check (account in ('gateway', 'sales')),
  side text not null constraint ledger_entries_side_valid check (side in ('DEBIT', 'CREDIT')),
  kind text not null constraint ledger_entries_kind_valid check (kind in ('CHARGE', 'REFUND')),
  order_id uuid not null constraint ledger_entries_order_fkey references orders (order_id),
  amount_minor bigint not null constraint ledger_entries_amount_positive check (amount_minor > 0),
  currency char(3) not null,
  at timestamptz(3) not null default clock_timestamp(),
  constraint ledger_entries_pkey primary key (reference, side)
);
create index ledger_entries_order_idx on ledger_entries (order_id);

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is only ever appended to', tg_table_name;
end $$;
create trigger ledger_entries_append_only before update or delete on ledger_entries
  for each statement execute function refuse_change();
create trigger saga_events_append_only before update or delete on saga_events
  for each statement execute function refuse_change();

create table refunds (
  refund_id uuid constraint refunds_pkey primary key,
  order_id uuid not null constraint refunds_order_fkey references orders (order_id),
  amount_minor bigint not null constraint refunds_amount_positive check (amount_minor > 0),
  currency char(3) not null,
  reason text not null,
  gateway_refund_id text constraint refunds_gateway_unique unique,
  created_at timestamptz(3) not null default clock_timestamp(),
  completed_at timestamptz(3)
);
create index refunds_order_idx on refunds (order_id);

-- Events that were cancelled: looked at before a charge and when it is known.
create table cancelled_events (
  event_id uuid constraint cancelled_events_pkey primary key,
  cancelled_at timestamptz(3) not null default clock_timestamp()
);

-- What the gateway told us, kept before it is answered with 2xx.
create table webhook_events (
  webhook_event_id text constraint webhook_events_pkey primary key,
  type text not null,
  body jsonb not null,
  received_at timestamptz(3) not null default clock_timestamp(),
  processed_at timestamptz(3),
  outcome text,
  attempts integer not null default 0,
  next_attempt_at timestamptz(3) not null default clock_timestamp()
);
create index webhook_events_due_idx on webhook_events (next_attempt_at) where processed_at is null;
