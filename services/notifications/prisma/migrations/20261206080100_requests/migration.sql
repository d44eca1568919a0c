-- A migration of its own: a value of a type is of use when the transaction that added it has committed.
alter table notifications
  -- Who goes first where more is due than may go. `urgent` is another matter: quiet hours do not hold it up.
  add column if not exists priority notification_priority not null default 'MEDIUM',
  -- A configured template that another service named; null: the type's own.
  add column template text,
  -- The service that asked for it, and whether it wants to be told what becomes of it.
  add column requested_by text,
  add column notify_result boolean not null default false,
  drop constraint notifications_pending_is_untried,
  drop constraint notifications_failed_has_reason,
  drop constraint notifications_for_somebody,
  add constraint notifications_pending_is_untried check
    ((status <> 'PENDING' or attempts = 0) and (status in ('PENDING', 'CANCELLED') or attempts > 0)) not valid,
  add constraint notifications_failed_has_reason check ((status in ('FAILED', 'CANCELLED')) = (failure_reason is not null)) not valid,
  add constraint notifications_for_somebody check
    (recipient_id is not null or address is not null or status in ('SENT', 'FAILED', 'CANCELLED')) not valid,
  add constraint notifications_cancelled_was_requested check (status <> 'CANCELLED' or requested_by is not null) not valid,
  add constraint notifications_template_was_requested check (template is null or requested_by is not null) not valid,
  add constraint notifications_result_is_for_somebody check (not notify_result or requested_by is not null) not valid;

create or replace function notifications_keep_to_the_graph() returns trigger language plpgsql as $$
begin
  if (old.status, new.status) not in
    (('PENDING', 'SENDING'), ('SENDING', 'SENT'), ('SENDING', 'FAILED'), ('PENDING', 'CANCELLED'), ('SENDING', 'CANCELLED')) then
    raise exception 'a notification does not go from % to %', old.status, new.status
      using errcode = 'check_violation', constraint = 'notifications_status_graph';
  end if;
  return new;
end $$;
