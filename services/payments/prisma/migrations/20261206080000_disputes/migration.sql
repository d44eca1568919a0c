-- How disputes of charges ended, by the gateway's latest word. Others are told of each end, and `version` counts them.
create table disputes (
  dispute_id text not null,
  order_id uuid not null,
  outcome text not null,
  amount_minor bigint not null,
  closed_at timestamptz(3) not null,
  version integer not null default 1,
  constraint disputes_pkey primary key (dispute_id),
  constraint disputes_order_fkey foreign key (order_id) references orders (order_id),
  constraint disputes_outcome_valid check (outcome in ('WON', 'LOST', 'CLOSED')),
  constraint disputes_amount_not_negative check (amount_minor >= 0),
  constraint disputes_version_valid check (version > 0)
);
create index disputes_order_idx on disputes (order_id);
