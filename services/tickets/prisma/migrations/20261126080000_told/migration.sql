-- TICKET_TYPE_CHANGED tells of every change of a type from now on. What was there before is told once, a hundred a second:
-- `announced` says whether it was. Every hold reads this table and waits meanwhile: nothing here reads or writes its rows, and
-- nothing that takes longer shares its transaction.
alter table ticket_types
  add column version integer not null default 1,
  add column announced boolean not null default false,
  -- Checked for new rows alone. The next migration checks the others, without holding anybody up.
  add constraint ticket_types_version_valid check (version > 0) not valid;

-- The version of this service before, while it is replaced, changes and withdraws types without telling. Whoever changes a row
-- and neither counts nor announces that is one of those: it is counted here, and the sweep tells how the type stands.
create function announce_ticket_type_again() returns trigger language plpgsql as $$
begin
  new.version := old.version + 1;
  new.announced := false;
  return new;
end $$;
create trigger ticket_types_changed_untold before update on ticket_types
  for each row when (new.version = old.version and new.announced = old.announced)
  execute function announce_ticket_type_again();
