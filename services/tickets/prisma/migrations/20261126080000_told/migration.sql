-- TICKET_TYPE_CHANGED and TICKET_CHECKED_IN tell of every change and admission from now on. What was there before (and what the
-- old version of this service still writes while it is replaced) is told once, a hundred a second: `announced` says whether it was.
alter table ticket_types
  add column version integer not null default 1,
  add column announced boolean not null default false,
  -- Checked for new rows alone: every hold reads this table. The next migration does that without holding anybody up.
  add constraint ticket_types_version_valid check (version > 0) not valid;
create index ticket_types_unannounced_idx on ticket_types (ticket_type_id) where not announced;

alter table check_ins add column announced boolean not null default false;
-- The door waits while it is made: about a second for a million admissions. Empty when all of them are told.
create index check_ins_unannounced_idx on check_ins (check_in_id) where not announced;
