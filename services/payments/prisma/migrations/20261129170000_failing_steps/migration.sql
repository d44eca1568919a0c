-- How often in a row, and since when, the step of a saga has failed where it should have succeeded; nothing of what is only unavailable.
alter table sagas
  add column failing_attempts integer not null default 0,
  add column failing_since timestamptz(3);
