-- What became of the payment of an order: a fact, by the order's id.
create table payments (
  generation integer not null,
  order_id uuid not null,
  event_id uuid not null,
  completed_at timestamptz(3),
  failed_at timestamptz(3),
  failure_reason text,
  amount_minor bigint constraint payments_amount_not_negative check (amount_minor >= 0),
  constraint payments_pkey primary key (generation, order_id)
);

-- Counters, kept by differences. `outcome`: COMPLETED, or why it failed.
create table payment_totals (
  generation integer not null,
  event_id uuid not null,
  outcome text not null,
  payments integer not null default 0,
  amount_minor bigint not null default 0,
  constraint payment_totals_pkey primary key (generation, event_id, outcome)
);
