-- A ticket that is stopped admits nobody until it is reinstated. Its status stays what it is, and with it its place and the counters.
alter table tickets
  add column stopped_at timestamptz(3),
  add column stop_reason text,
  -- The organizer's words, for people at the door.
  add column stop_note text,
  -- Checked for new rows alone. The next migration checks the others, without holding anybody up.
  add constraint tickets_stop_reason_valid check (stop_reason in ('DISPUTE_LOST', 'ORGANIZER')) not valid,
  add constraint tickets_stop_has_reason check ((stopped_at is null) = (stop_reason is null)) not valid,
  add constraint tickets_stop_noted check (stop_note is null or stop_reason = 'ORGANIZER') not valid,
  -- Nobody was admitted with it, and nobody else has it.
  add constraint tickets_stopped_stays check (stopped_at is null or status in ('ACTIVE', 'CANCELLED')) not valid;

-- What organizers want done when a dispute is lost; without a row its tickets are stopped.
create table dispute_policies (
  organizer_id uuid not null,
  stop_tickets boolean not null,
  updated_at timestamptz(3) not null default clock_timestamp(),
  constraint dispute_policies_pkey primary key (organizer_id)
);

-- How disputes of orders ended, as far as we were told: what is older is passed over.
create table order_disputes (
  dispute_id text not null,
  order_id uuid not null,
  outcome text not null,
  version integer not null,
  constraint order_disputes_pkey primary key (dispute_id),
  constraint order_disputes_order_fkey foreign key (order_id) references order_outcomes (order_id),
  constraint order_disputes_outcome_valid check (outcome in ('WON', 'LOST', 'CLOSED')),
  constraint order_disputes_version_valid check (version > 0)
);
create index order_disputes_order_idx on order_disputes (order_id);
