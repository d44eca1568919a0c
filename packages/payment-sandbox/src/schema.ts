/**
 * The sandbox's tables. An object is stored as Stripe returns it (`body`, JSON); columns for rules and
 * queries are generated from it, so that the two cannot disagree. `position` is the creation order.
 */
export const SCHEMA_VERSION = 1

export const schema = `
create table payment_intents (
  position integer primary key autoincrement,
  id text not null,
  last_token text,
  body text not null,
  status text not null generated always as (json_extract(body, '$.status')) stored,
  amount integer not null generated always as (json_extract(body, '$.amount')) stored,
  amount_received integer not null generated always as (json_extract(body, '$.amount_received')) stored,
  created integer not null generated always as (json_extract(body, '$.created')) stored,
  constraint payment_intents_id_key unique (id),
  constraint payment_intents_status_check check (status in (
    'requires_payment_method', 'requires_confirmation', 'requires_action',
    'processing', 'succeeded', 'canceled')),
  constraint payment_intents_amount_check check (amount > 0),
  constraint payment_intents_received_check check (
    amount_received = case status when 'succeeded' then amount else 0 end)
);
create index payment_intents_created_idx on payment_intents (created);

create table payment_intent_metadata (
  payment_intent_id text not null,
  key text not null,
  value text not null,
  constraint payment_intent_metadata_pkey primary key (payment_intent_id, key),
  constraint payment_intent_metadata_intent_fkey foreign key (payment_intent_id)
    references payment_intents (id)
) without rowid;
create index payment_intent_metadata_value_idx on payment_intent_metadata (key, value);

create table charges (
  position integer primary key autoincrement,
  id text not null,
  body text not null,
  payment_intent text not null generated always as (json_extract(body, '$.payment_intent')) stored,
  status text not null generated always as (json_extract(body, '$.status')) stored,
  amount integer not null generated always as (json_extract(body, '$.amount')) stored,
  amount_refunded integer not null generated always as (json_extract(body, '$.amount_refunded')) stored,
  constraint charges_id_key unique (id),
  constraint charges_status_check check (status in ('succeeded', 'failed')),
  constraint charges_refunded_check check (
    amount_refunded between 0 and case status when 'succeeded' then amount else 0 end)
);
create unique index charges_one_success_per_intent_key on charges (payment_intent) where status = 'succeeded';

create table refunds (
  position integer primary key autoincrement,
  id text not null,
  body text not null,
  payment_intent text not null generated always as (json_extract(body, '$.payment_intent')) stored,
  charge text not null generated always as (json_extract(body, '$.charge')) stored,
  created integer not null generated always as (json_extract(body, '$.created')) stored,
  amount integer not null generated always as (json_extract(body, '$.amount')) stored,
  constraint refunds_id_key unique (id),
  constraint refunds_amount_check check (amount > 0)
);
create index refunds_payment_intent_idx on refunds (payment_intent);
create index refunds_charge_idx on refunds (charge);

create table ledger_entries (
  entry_id integer primary key autoincrement,
  kind text not null,
  amount_minor integer not null,
  currency text not null,
  order_id text,
  payment_intent_id text not null,
  charge_id text not null,
  refund_id text,
  recorded_at_ms integer not null,
  constraint ledger_entries_kind_check check (kind in ('charge', 'refund')),
  constraint ledger_entries_amount_check check (amount_minor > 0),
  constraint ledger_entries_refund_check check ((kind = 'refund') = (refund_id is not null)),
  constraint ledger_entries_refund_key unique (refund_id),
  constraint ledger_entries_intent_fkey foreign key (payment_intent_id) references payment_intents (id),
  constraint ledger_entries_charge_fkey foreign key (charge_id) references charges (id),
  constraint ledger_entries_refund_fkey foreign key (refund_id) references refunds (id)
);
create unique index ledger_entries_one_charge_per_intent_key on ledger_entries (payment_intent_id)
  where kind = 'charge';
create index ledger_entries_charge_idx on ledger_entries (charge_id);
create index ledger_entries_order_idx on ledger_entries (order_id);
create trigger ledger_entries_never_updated before update on ledger_entries
begin select raise(abort, 'ledger entries are only appended'); end;
create trigger ledger_entries_never_deleted before delete on ledger_entries
begin select raise(abort, 'ledger entries are only appended'); end;
create trigger ledger_entries_never_over_refunded before insert on ledger_entries
when new.kind = 'refund' and new.amount_minor > (
  select coalesce(sum(case kind when 'charge' then amount_minor else -amount_minor end), 0)
  from ledger_entries where charge_id = new.charge_id)
begin select raise(abort, 'a charge is never refunded beyond its amount'); end;

create table idempotency_keys (
  key text not null,
  endpoint text not null,
  fingerprint text not null,
  request_id text not null,
  status integer not null,
  body text not null,
  created_at_ms integer not null,
  constraint idempotency_keys_pkey primary key (key),
  constraint idempotency_keys_length_check check (length(key) between 1 and 255)
);
create index idempotency_keys_created_idx on idempotency_keys (created_at_ms);

create table stripe_events (
  position integer primary key autoincrement,
  id text not null,
  body text not null,
  type text not null generated always as (json_extract(body, '$.type')) stored,
  created integer not null generated always as (json_extract(body, '$.created')) stored,
  constraint stripe_events_id_key unique (id)
);

create table webhook_deliveries (
  position integer primary key autoincrement,
  event_id text not null,
  copy integer not null,
  attempts integer not null default 0,
  next_attempt_at_ms integer not null,
  delivered_at_ms integer,
  last_answer text,
  constraint webhook_deliveries_event_copy_key unique (event_id, copy),
  constraint webhook_deliveries_event_fkey foreign key (event_id) references stripe_events (id)
);
create index webhook_deliveries_due_idx on webhook_deliveries (next_attempt_at_ms)
  where delivered_at_ms is null;
`
