-- What this service knows of each event: from messages, and asked for where that is not enough.
create table event_pictures (
  event_id uuid not null,
  organizer_id uuid not null,
  name text not null,
  event_date timestamptz(3) not null,
  end_date timestamptz(3),
  time_zone text not null,
  venue_id uuid not null,
  venue_name text not null,
  venue_address text not null,
  status text not null,
  version integer not null,
  -- The one currency of the event: set by its first ticket type.
  currency char(3),
  constraint event_pictures_pkey primary key (event_id),
  constraint event_pictures_currency_key unique (event_id, currency),
  constraint event_pictures_status_valid check (status in ('DRAFT', 'PUBLISHED', 'CANCELLED', 'COMPLETED')),
  constraint event_pictures_version_valid check (version >= 0)
);

create table ticket_types (
  ticket_type_id uuid not null,
  event_id uuid not null,
  name text not null,
  unit_price_minor bigint not null,
  currency char(3) not null,
  sales_start_at timestamptz(3),
  -- Null follows the event's start, also when that moves.
  sales_end_at timestamptz(3),
  max_per_order integer not null,
  max_per_user integer,
  created_at timestamptz(3) not null default clock_timestamp(),
  constraint ticket_types_pkey primary key (ticket_type_id),
  constraint ticket_types_event_key unique (ticket_type_id, event_id),
  constraint ticket_types_currency_fkey foreign key (event_id, currency) references event_pictures (event_id, currency),
  constraint ticket_types_unit_price_valid check (unit_price_minor >= 0),
  constraint ticket_types_sales_valid check (sales_end_at > sales_start_at),
  constraint ticket_types_max_per_order_valid check (max_per_order > 0),
  constraint ticket_types_max_per_user_valid check (max_per_user > 0)
);
create index ticket_types_event_idx on ticket_types (event_id, created_at);

-- One row per type, apart from what never changes: every sale updates it. Room on its page keeps those updates there (HOT).
create table ticket_type_counters (
  ticket_type_id uuid not null,
  event_id uuid not null,
  capacity integer not null,
  held integer not null default 0,
  sold integer not null default 0,
  updated_at timestamptz(3) not null default clock_timestamp(),
  constraint ticket_type_counters_pkey primary key (ticket_type_id),
  constraint ticket_type_counters_type_fkey foreign key (ticket_type_id, event_id) references ticket_types (ticket_type_id, event_id),
  constraint ticket_type_counters_capacity_valid check (capacity >= 0),
  constraint ticket_type_counters_held_valid check (held >= 0),
  constraint ticket_type_counters_sold_valid check (sold >= 0),
  constraint ticket_type_counters_not_oversold check (held + sold <= capacity)
) with (fillfactor = 50);

create table reservations (
  reservation_id uuid not null,
  user_id uuid not null,
  event_id uuid not null,
  currency char(3) not null,
  status text not null,
  expires_at timestamptz(3) not null,
  -- The order that claimed it for its payment.
  order_id uuid,
  created_at timestamptz(3) not null default clock_timestamp(),
  constraint reservations_pkey primary key (reservation_id),
  constraint reservations_event_key unique (reservation_id, event_id),
  constraint reservations_order_key unique (order_id),
  constraint reservations_currency_fkey foreign key (event_id, currency) references event_pictures (event_id, currency),
  constraint reservations_status_valid check (status in ('ACTIVE', 'PAYING', 'COMPLETED', 'EXPIRED', 'CANCELLED')),
  constraint reservations_claim_valid check (
    (status in ('ACTIVE', 'EXPIRED') and order_id is null)
    or (status in ('PAYING', 'COMPLETED') and order_id is not null)
    or status = 'CANCELLED')
);
create index reservations_active_expiry_idx on reservations (expires_at) where status = 'ACTIVE';
create index reservations_paying_expiry_idx on reservations (expires_at) where status = 'PAYING';
create index reservations_live_idx on reservations (event_id, user_id) where status in ('ACTIVE', 'PAYING');

-- The lines of a reservation, at the price they were held for.
create table reservation_items (
  reservation_id uuid not null,
  ticket_type_id uuid not null,
  event_id uuid not null,
  quantity integer not null,
  unit_price_minor bigint not null,
  constraint reservation_items_pkey primary key (reservation_id, ticket_type_id),
  constraint reservation_items_reservation_fkey foreign key (reservation_id, event_id) references reservations (reservation_id, event_id),
  constraint reservation_items_type_fkey foreign key (ticket_type_id, event_id) references ticket_types (ticket_type_id, event_id),
  constraint reservation_items_quantity_valid check (quantity > 0),
  constraint reservation_items_unit_price_valid check (unit_price_minor >= 0)
);

-- One outcome per order: inserted by every path that issues, rejects or cancels.
create table order_outcomes (
  order_id uuid not null,
  outcome text not null,
  reservation_id uuid,
  reason text,
  created_at timestamptz(3) not null default clock_timestamp(),
  constraint order_outcomes_pkey primary key (order_id),
  constraint order_outcomes_outcome_valid check (outcome in ('ISSUED', 'REJECTED', 'CANCELLED')),
  constraint order_outcomes_reason_given check (outcome = 'ISSUED' or reason is not null)
);

create sequence ticket_numbers as bigint;

create table tickets (
  ticket_id uuid not null,
  ticket_number text not null,
  order_id uuid not null,
  ticket_type_id uuid not null,
  event_id uuid not null,
  ordinal integer not null,
  user_id uuid not null,
  holder_name text not null,
  unit_price_minor bigint not null,
  currency char(3) not null,
  status text not null default 'ACTIVE',
  -- Grows when the code must stop to admit: an older code is refused.
  code_version integer not null default 1,
  version integer not null default 1,
  cancellation_reason text,
  delivered_at timestamptz(3),
  created_at timestamptz(3) not null default clock_timestamp(),
  constraint tickets_pkey primary key (ticket_id),
  constraint tickets_number_key unique (ticket_number),
  constraint tickets_order_item_key unique (order_id, ticket_type_id, ordinal),
  constraint tickets_order_fkey foreign key (order_id) references order_outcomes (order_id),
  constraint tickets_type_fkey foreign key (ticket_type_id, event_id) references ticket_types (ticket_type_id, event_id),
  constraint tickets_number_valid check (ticket_number ~ '^TKT-[0-9]{4}-[0-9]{6,}$'),
  constraint tickets_ordinal_valid check (ordinal > 0),
  constraint tickets_unit_price_valid check (unit_price_minor >= 0),
  constraint tickets_status_valid check (status in ('ACTIVE', 'CHECKED_IN', 'CANCELLED', 'TRANSFERRED')),
  constraint tickets_code_version_valid check (code_version > 0),
  constraint tickets_cancellation_given check ((status = 'CANCELLED') = (cancellation_reason is not null))
);
create index tickets_user_idx on tickets (user_id, created_at desc, ticket_id desc);
create index tickets_event_user_idx on tickets (event_id, user_id);
