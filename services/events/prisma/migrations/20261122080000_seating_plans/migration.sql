-- The seats of an event. `frozen_at`: tickets are made of this version, so it stays as it is.
create table seating_plans (
  event_id uuid constraint seating_plans_pkey primary key
    constraint seating_plans_event_fkey references events (id) on delete cascade,
  version integer not null constraint seating_plans_version_positive check (version > 0),
  frozen_at timestamptz(3)
);

-- Every version that there was.
create table seating_plan_versions (
  event_id uuid not null constraint seating_plan_versions_plan_fkey references seating_plans (event_id) on delete cascade,
  version integer not null constraint seating_plan_versions_version_positive check (version > 0),
  zones jsonb not null constraint seating_plan_versions_zones_is_list check (jsonb_typeof(zones) = 'array'),
  seat_count integer not null constraint seating_plan_versions_seat_count_in_range check (seat_count between 1 and 20000),
  created_at timestamptz(3) not null,
  constraint seating_plan_versions_pkey primary key (event_id, version)
);
