-- What others cause to be sent to somebody (tickets handed on, changed events, stopped tickets) waits when it is much.
alter table notifications
  -- When it was let go among those of its kind that its recipient gets in a day; null: it was not, or need not be.
  add column if not exists placed_at timestamptz(3),
  -- Its recipient got so many of its kind that it waits until then.
  add column held_until timestamptz(3);
-- Making it reads the table, and holds up writing until it is made. On a table that has grown it is made by hand before the release,
-- with `concurrently`, after its column.
create index if not exists notifications_placed_idx on notifications (recipient_id, placed_at) where placed_at is not null;
