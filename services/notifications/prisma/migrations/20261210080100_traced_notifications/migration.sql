-- Operators look for what one request caused. On a table that has grown this is made by hand before the release, with `create index
-- concurrently`.
create index if not exists notifications_correlation_idx on notifications (correlation_id);
