-- The tables of the messaging package and of idempotency keys: the same in every service (a test compares the copies).

-- Messages wait here, in the transaction that caused them, until the relay has published them.
create table outbox (
  message_id uuid not null,
  topic text not null,
  position bigint generated always as identity,
  event_type text not null,
  body jsonb not null,
  attributes jsonb not null,
  group_key text,
  archivable boolean not null,
  created_at timestamptz(3) not null default clock_timestamp(),
  lease uuid,
  leased_until timestamptz(3),
  attempts integer not null default 0,
  published_at timestamptz(3),
  constraint outbox_pkey primary key (message_id, topic)
);
create index outbox_unpublished_idx on outbox (position) where published_at is null;
create index outbox_unpublished_group_idx on outbox (topic, group_key, position) where published_at is null and group_key is not null;
create index outbox_published_idx on outbox (published_at) where published_at is not null;

-- What was published, for republishing and for readers born later. Messages with tokens in them never come here.
create table message_archive (
  message_id uuid not null,
  topic text not null,
  event_type text not null,
  body jsonb not null,
  attributes jsonb not null,
  created_at timestamptz(3) not null,
  published_at timestamptz(3) not null,
  constraint message_archive_pkey primary key (message_id, topic)
);
create index message_archive_published_idx on message_archive (published_at);

-- What a consumer has taken in, written in the transaction of its effect.
create table inbox (
  consumer text not null,
  message_id uuid not null,
  event_type text not null,
  received_at timestamptz(3) not null default clock_timestamp(),
  constraint inbox_pkey primary key (consumer, message_id)
);
create index inbox_received_idx on inbox (received_at);

create table idempotency_keys (
  scope text not null,
  key text not null,
  body_hash text not null,
  resource_id uuid not null,
  lease uuid not null,
  leased_until timestamptz(3) not null,
  expires_at timestamptz(3) not null,
  status integer constraint idempotency_keys_status_valid check (status between 200 and 499),
  answer text,
  constraint idempotency_keys_pkey primary key (scope, key)
);
create index idempotency_keys_expires_idx on idempotency_keys (expires_at);
