-- The projection, in generations: a rebuild fills a new one beside the one that is served.
create table generations (
  generation integer constraint generations_pkey primary key,
  state text not null constraint generations_state_valid check (state in ('BUILDING', 'ACTIVE', 'RETIRED')),
  since timestamptz(3) not null default clock_timestamp(),
  emptied_at timestamptz(3)
);
create unique index generations_one_active on generations (state) where state = 'ACTIVE';
create unique index generations_one_building on generations (state) where state = 'BUILDING';
insert into generations (generation, state) values (1, 'ACTIVE');

create table rebuilds (
  rebuild_id uuid constraint rebuilds_pkey primary key,
  generation integer not null constraint rebuilds_generation_unique unique
    constraint rebuilds_generation_fkey references generations (generation),
  status text not null default 'RUNNING' constraint rebuilds_status_valid check (status in ('RUNNING', 'DONE', 'CANCELLED')),
  started_at timestamptz(3) not null default clock_timestamp(),
  ended_at timestamptz(3),
  lease uuid,
  leased_until timestamptz(3),
  constraint rebuilds_ended check ((status = 'RUNNING') = (ended_at is null))
);
create unique index rebuilds_one_running on rebuilds (status) where status = 'RUNNING';

-- Whose archive, and how far it is read. The cursor is the service's own word.
create table rebuild_sources (
  rebuild_id uuid not null constraint rebuild_sources_rebuild_fkey references rebuilds (rebuild_id),
  service text not null,
  cursor text,
  taken integer not null default 0,
  total integer,
  finished boolean not null default false,
  attempts integer not null default 0,
  next_attempt_at timestamptz(3) not null default clock_timestamp(),
  last_error text,
  constraint rebuild_sources_pkey primary key (rebuild_id, service)
);

-- Facts, by the id of what they are about. What is not known yet is null: the first message that names a thing makes its row.
create table events (
  generation integer not null,
  event_id uuid not null,
  organizer_id uuid not null,
  name text,
  event_date timestamptz(3),
  time_zone text,
  venue_id uuid,
  venue_name text,
  status text constraint events_status_valid check (status in ('DRAFT', 'PUBLISHED', 'CANCELLED', 'COMPLETED')),
  deleted boolean not null,
  version integer not null,
  message_id uuid not null,
  constraint events_pkey primary key (generation, event_id),
  constraint events_known_or_deleted
    check (deleted or (name, event_date, time_zone, venue_id, venue_name, status) is not null)
);
create index events_organizer_idx on events (generation, organizer_id, event_date, event_id);

create table ticket_types (
  generation integer not null,
  ticket_type_id uuid not null,
  event_id uuid not null,
  name text not null,
  unit_price_minor bigint not null constraint ticket_types_price_not_negative check (unit_price_minor >= 0),
  currency char(3) not null,
  quantity_total integer not null constraint ticket_types_quantity_not_negative check (quantity_total >= 0),
  withdrawn boolean not null,
  version integer not null,
  message_id uuid not null,
  constraint ticket_types_pkey primary key (generation, ticket_type_id)
);
create index ticket_types_event_idx on ticket_types (generation, event_id);

create table reservations (
  generation integer not null,
  reservation_id uuid not null,
  event_id uuid not null,
  converted_at timestamptz(3),
  released_at timestamptz(3),
  constraint reservations_pkey primary key (generation, reservation_id)
);

-- Also what is locked first: its tickets and refunds are read and written by one at a time.
create table orders (
  generation integer not null,
  order_id uuid not null,
  event_id uuid not null,
  venue_id uuid,
  issued_at timestamptz(3),
  constraint orders_pkey primary key (generation, order_id)
);

create table tickets (
  generation integer not null,
  ticket_id uuid not null,
  order_id uuid not null,
  event_id uuid not null,
  ticket_type_id uuid,
  user_id uuid,
  venue_id uuid,
  zone_id integer,
  row_label text,
  col_label text,
  price_minor bigint constraint tickets_price_not_negative check (price_minor >= 0),
  currency char(3),
  created_on timestamptz(3),
  issued_at timestamptz(3),
  next_ticket_id uuid,
  cancelled_at timestamptz(3),
  checked_in_at timestamptz(3),
  refunded_at timestamptz(3),
  constraint tickets_pkey primary key (generation, ticket_id)
);
create index tickets_order_idx on tickets (generation, order_id);
create index tickets_user_idx on tickets (generation, user_id, created_on, ticket_id);
create index tickets_event_idx on tickets (generation, event_id, created_on, ticket_id);

create table refunds (
  generation integer not null,
  refund_id uuid not null,
  order_id uuid not null,
  amount_minor bigint not null constraint refunds_amount_not_negative check (amount_minor >= 0),
  refunded_at timestamptz(3) not null,
  constraint refunds_pkey primary key (generation, refund_id)
);
create index refunds_order_idx on refunds (generation, order_id);

-- Counters: the sums over the facts above, kept by differences in the same transaction. No checks that they are not negative: of a row
-- that is there already PostgreSQL checks the difference, which may be.
create table sales_hours (
  generation integer not null,
  event_id uuid not null,
  venue_id uuid not null,
  ticket_type_id uuid not null,
  hour timestamptz(3) not null,
  issued integer not null default 0,
  gross_minor bigint not null default 0,
  cancelled integer not null default 0,
  refunded_minor bigint not null default 0,
  checked_in integer not null default 0,
  constraint sales_hours_pkey primary key (generation, event_id, venue_id, ticket_type_id, hour)
);

create table refund_hours (
  generation integer not null,
  event_id uuid not null,
  venue_id uuid not null,
  hour timestamptz(3) not null,
  refunds integer not null default 0,
  refunded_minor bigint not null default 0,
  constraint refund_hours_pkey primary key (generation, event_id, venue_id, hour)
);

create table event_totals (
  generation integer not null,
  event_id uuid not null,
  converted integer not null default 0,
  released integer not null default 0,
  currency char(3),
  as_of timestamptz(3) not null,
  constraint event_totals_pkey primary key (generation, event_id)
);
