alter table notifications
  -- It is about so many tickets that it has a lane of its own: its PDF takes long, and nobody else waits for it.
  add column bulk boolean not null default false,
  -- Of what another service asked for under a key: SHA-256 of the request, in hex, by which a repetition is known from another request.
  add column request_hash text,
  add constraint notifications_request_hashed check (request_hash ~ '^[0-9a-f]{64}$') not valid;
-- On a table that has grown it is made by hand before the release.
create index if not exists notifications_due_in_lane_idx on notifications (bulk, next_attempt_at) where status in ('PENDING', 'SENDING');
