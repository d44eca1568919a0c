-- Operators list notifications, newest first, also those of one type or in one state, and suppressed addresses. Few notifications fail,
-- bounce or are cancelled. A large table gets these indexes by hand before, with `create index concurrently`.
create index if not exists notifications_created_idx on notifications (created_at, id);
create index if not exists notifications_type_idx on notifications (type, created_at, id);
create index if not exists notifications_failed_idx on notifications (created_at, id) where status = 'FAILED';
create index if not exists notifications_bounced_idx on notifications (created_at, id) where bounced_at is not null;
create index if not exists notifications_cancelled_idx on notifications (created_at, id) where status = 'CANCELLED';
create index if not exists mail_suppressions_since_idx on mail_suppressions (since, address_hash, cause);

-- Operators send any notification again whose contents are kept, and whose recipient has an account.
alter table notifications
  drop constraint notifications_resends_tickets,
  add constraint notifications_resends_kept
    check (resend_of is null or (recipient_id is not null and template is null and requested_by is null)) not valid;
