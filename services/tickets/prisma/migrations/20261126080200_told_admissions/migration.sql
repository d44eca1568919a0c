-- The same for TICKET_CHECKED_IN. By itself: while this waits for the door, nobody who reserves waits for it.
alter table check_ins add column announced boolean not null default false;
