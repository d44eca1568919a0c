-- The seating plan of an event as it was when the first seats were offered: it does not change any more.
create table seating_plans (
  event_id uuid not null,
  plan_version integer not null,
  seat_count integer not null,
  constraint seating_plans_pkey primary key (event_id),
  constraint seating_plans_event_fkey foreign key (event_id) references event_pictures (event_id),
  constraint seating_plans_version_valid check (plan_version > 0),
  constraint seating_plans_seat_count_valid check (seat_count > 0)
);

alter table ticket_types
  add column kind text not null default 'GENERAL',
  -- Offered no more; what was reserved of it once stays readable.
  add column withdrawn_at timestamptz(3),
  add constraint ticket_types_kind_valid check (kind in ('GENERAL', 'SEATED'));

create table seating_zones (
  event_id uuid not null,
  zone_id integer not null,
  name text not null,
  -- The one type that sells its seats; null: they are not for sale.
  ticket_type_id uuid,
  constraint seating_zones_pkey primary key (event_id, zone_id),
  constraint seating_zones_plan_fkey foreign key (event_id) references seating_plans (event_id),
  constraint seating_zones_type_fkey foreign key (ticket_type_id, event_id) references ticket_types (ticket_type_id, event_id),
  constraint seating_zones_zone_valid check (zone_id > 0)
);
create index seating_zones_type_idx on seating_zones (ticket_type_id);

-- Every seat of a plan, numbered from 0 in plan order.
create table seats (
  event_id uuid not null,
  seat_id text not null,
  seat_index integer not null,
  zone_id integer not null,
  row_label text not null,
  col_label text not null,
  accessible boolean not null default false,
  constraint seats_pkey primary key (event_id, seat_id),
  constraint seats_index_key unique (event_id, seat_index),
  constraint seats_zone_fkey foreign key (event_id, zone_id) references seating_zones (event_id, zone_id),
  constraint seats_index_valid check (seat_index >= 0),
  constraint seats_id_valid check (seat_id = zone_id || '-' || row_label || '-' || col_label)
);

alter table reservation_items
  -- In plan order; null for general admission. They stay when the reservation ends.
  add column seat_ids text[],
  add constraint reservation_items_seats_valid check (cardinality(seat_ids) = quantity);

alter table tickets
  add column zone_id integer,
  add column row_label text,
  add column col_label text,
  -- The ticket as it was issued in the order: itself, until it changes hands.
  add column root_ticket_id uuid,
  -- The refund that gave its price back, remembered on the ticket as it was issued.
  add column refund_id uuid;
update tickets set root_ticket_id = ticket_id;
alter table tickets
  alter column root_ticket_id set not null,
  drop constraint tickets_order_item_key,
  add constraint tickets_root_fkey foreign key (root_ticket_id) references tickets (ticket_id),
  add constraint tickets_seat_complete check (num_nonnulls(zone_id, row_label, col_label) in (0, 3)),
  add constraint tickets_refund_of_root check (refund_id is null or ticket_id = root_ticket_id);
create unique index tickets_order_item_key on tickets (order_id, ticket_type_id, ordinal) where ticket_id = root_ticket_id;
-- One valid ticket for each that was issued, and one for each seat.
create unique index tickets_valid_key on tickets (root_ticket_id) where status in ('ACTIVE', 'CHECKED_IN');
create unique index tickets_seat_key on tickets (event_id, zone_id, row_label, col_label) where status in ('ACTIVE', 'CHECKED_IN');
create index tickets_root_idx on tickets (root_ticket_id);

-- Who has a seat, one row at most: held or being paid for by a live reservation, or sold as a ticket. Free seats have none.
create table seat_claims (
  event_id uuid not null,
  seat_id text not null,
  reservation_id uuid not null,
  -- The ticket it was sold as, as it was issued; null while the seat is held.
  ticket_id uuid,
  constraint seat_claims_pkey primary key (event_id, seat_id),
  constraint seat_claims_ticket_key unique (ticket_id),
  constraint seat_claims_seat_fkey foreign key (event_id, seat_id) references seats (event_id, seat_id),
  constraint seat_claims_reservation_fkey foreign key (reservation_id, event_id) references reservations (reservation_id, event_id),
  constraint seat_claims_ticket_fkey foreign key (ticket_id) references tickets (ticket_id)
);
create index seat_claims_reservation_idx on seat_claims (reservation_id);
