-- The channel stands last: where one has a rate of its own, what goes by the others is passed over within the index.
-- Making it reads the table, and holds up writing until it is made. On a table that has grown it is made by hand before the release, with
-- `concurrently`, after the type and the column that it is of (`20261206080000_cancelled_notifications`, `20261206080100_requests`).
create index if not exists notifications_due_by_priority_idx on notifications (bulk, priority, next_attempt_at, channel)
  where status in ('PENDING', 'SENDING');
-- Of before there were lanes: nothing asks without one.
drop index notifications_due_idx;
