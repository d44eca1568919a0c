create type event_status as enum ('DRAFT', 'PUBLISHED', 'CANCELLED', 'COMPLETED');

create table venues (
  id uuid constraint venues_pkey primary key,
  organizer_id uuid not null,
  name text not null,
  address text not null,
  created_at timestamptz(3) not null default now()
);
create index venues_organizer_idx on venues (organizer_id, created_at desc);

create table events (
  id uuid constraint events_pkey primary key,
  organizer_id uuid not null,
  name text not null,
  description text not null,
  event_date timestamptz(3) not null,
  end_date timestamptz(3),
  time_zone text not null,
  venue_id uuid not null constraint events_venue_fkey references venues (id),
  venue_name text not null,
  venue_address text not null,
  category text not null,
  status event_status not null default 'DRAFT',
  image_url text,
  refundable_until timestamptz(3),
  cancellation_reason text,
  version integer not null default 1,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  -- 'simple': names of artists and places are no language's words.
  search tsvector not null generated always as (
    setweight(to_tsvector('simple', name), 'A')
    || setweight(to_tsvector('simple', venue_name || ' ' || venue_address), 'B')
    || setweight(to_tsvector('simple', description), 'C')) stored,
  constraint events_end_after_start check (end_date is null or end_date > event_date),
  constraint events_cancelled_has_reason check (status <> 'CANCELLED' or cancellation_reason is not null)
);
create index events_on_sale_idx on events (event_date, id) where status = 'PUBLISHED';
create index events_organizer_idx on events (organizer_id, created_at desc, id desc);
create index events_search_idx on events using gin (search);
