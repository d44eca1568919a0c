-- A migration of its own: a value of a type is of use when the transaction that added it has committed.
alter table notifications
  -- Who goes first where more is due than may go. `urgent` is another matter: quiet hours do not hold it up.
  add column priority notification_priority not null default 'MEDIUM',
  -- A configured template that another service named; null: the type's own.
  add column template text,
  -- The service that asked for it, and whether it wants to be told what becomes of it.
  add column requested_by text,
  add column notify_result boolean not null default false,
  drop constraint notifications_pending_is_untried,
  drop constraint notifications_failed_has_reason,
  drop constraint notifications_for_somebody,
  add constraint notifications_pending_is_untried check
    ((status <> 'PENDING' or attempts = 0) and (status in ('PENDING', 'CANCELLED') or attempts > 0)),
  add constraint notifications_failed_has_reason check ((status in ('FAILED', 'CANCELLED')) = (failure_reason is not null)),
  add constraint notifications_for_somebody check
    (recipient_id is not null or address is not null or status in ('SENT', 'FAILED', 'CANCELLED')),
  add constraint notifications_cancelled_was_requested check (status <> 'CANCELLED' or requested_by is not null),
  add constraint notifications_template_was_requested check (template is null or requested_by is not null),
  add constraint notifications_result_is_for_somebody check (not notify_result or requested_by is not null);

-- What waits already gets the places that the service gives its types from now on.
update notifications set priority = case
    when type in ('EMAIL_VERIFICATION', 'PASSWORD_RESET', 'EMAIL_CHANGE', 'EMAIL_CHANGED', 'USER_WELCOME') then 'URGENT'
    when type in ('ORDER_CONFIRMATION', 'TICKET_TRANSFERRED', 'EVENT_CANCELLED', 'PAYMENT_FAILED', 'REFUND_PROCESSED') then 'HIGH'
    else 'LOW' end::notification_priority
  where status in ('PENDING', 'SENDING')
    and type not in ('EVENT_UPDATED', 'ORDER_CREATED', 'ORDER_CANCELLED', 'PAYMENT_PROCESSED');

-- The channel stands last: where one has a rate of its own, what goes by the others is passed over within the index.
-- On a table that has grown it is made by hand before the release.
create index if not exists notifications_due_by_priority_idx on notifications (bulk, priority, next_attempt_at, channel)
  where status in ('PENDING', 'SENDING');
-- Of before there were lanes: nothing asks without one.
drop index notifications_due_idx;

create or replace function notifications_keep_to_the_graph() returns trigger language plpgsql as $$
begin
  if (old.status, new.status) not in
    (('PENDING', 'SENDING'), ('SENDING', 'SENT'), ('SENDING', 'FAILED'), ('PENDING', 'CANCELLED'), ('SENDING', 'CANCELLED')) then
    raise exception 'a notification does not go from % to %', old.status, new.status
      using errcode = 'check_violation', constraint = 'notifications_status_graph';
  end if;
  return new;
end $$;
