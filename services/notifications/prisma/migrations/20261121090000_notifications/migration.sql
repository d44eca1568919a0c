create type notification_type as enum (
  'USER_WELCOME', 'EMAIL_VERIFICATION', 'PASSWORD_RESET', 'ORDER_CONFIRMATION', 'PAYMENT_PROCESSED', 'PAYMENT_FAILED',
  'REFUND_PROCESSED', 'ORDER_CREATED', 'ORDER_STATUS_CHANGED', 'ORDER_CANCELLED', 'EVENT_UPDATED', 'EVENT_CANCELLED',
  'TICKET_TRANSFERRED');
create type notification_channel as enum ('EMAIL', 'SMS', 'PUSH');
create type notification_status as enum ('PENDING', 'SENDING', 'SENT', 'FAILED');

-- What is to be sent, is being sent, and was sent. PENDING -> SENDING -> SENT | FAILED.
create table notifications (
  id uuid constraint notifications_pkey primary key,
  message_id uuid not null,
  type notification_type not null,
  channel notification_channel not null default 'EMAIL',
  recipient_id uuid not null,
  order_id uuid,
  event_id uuid,
  -- What the message told. A secret token is here sealed, until the mail has gone out; never as it is.
  payload jsonb not null,
  subject text not null,
  correlation_id text not null,
  status notification_status not null default 'PENDING',
  attempts integer not null default 0,
  next_attempt_at timestamptz(3) not null default clock_timestamp(),
  lease uuid,
  leased_until timestamptz(3),
  provider_message_id text,
  failure_reason text,
  created_at timestamptz(3) not null,
  sent_at timestamptz(3),
  constraint notifications_once unique (message_id, type, recipient_id),
  constraint notifications_lease_whole check ((lease is null) = (leased_until is null)),
  constraint notifications_lease_while_sending check (lease is null or status = 'SENDING'),
  constraint notifications_pending_is_untried check ((status = 'PENDING') = (attempts = 0)),
  constraint notifications_sent_is_proven check ((status = 'SENT') = (sent_at is not null and provider_message_id is not null)),
  constraint notifications_failed_has_reason check ((status = 'FAILED') = (failure_reason is not null))
);
create index notifications_due_idx on notifications (next_attempt_at) where status in ('PENDING', 'SENDING');
create index notifications_recipient_idx on notifications (recipient_id, created_at desc, id desc);
create index notifications_order_idx on notifications (order_id) where order_id is not null;

-- The graph of states, for whoever updates: the service itself compares and swaps.
create function notifications_keep_to_the_graph() returns trigger language plpgsql as $$
begin
  if (old.status, new.status) not in (('PENDING', 'SENDING'), ('SENDING', 'SENT'), ('SENDING', 'FAILED')) then
    raise exception 'a notification does not go from % to %', old.status, new.status
      using errcode = 'check_violation', constraint = 'notifications_status_graph';
  end if;
  return new;
end $$;
create trigger notifications_status_graph before update of status on notifications
  for each row when (old.status is distinct from new.status) execute function notifications_keep_to_the_graph();
