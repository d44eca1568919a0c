-- Whom to reach how and when: text messages, preferences, quiet hours, announcements to everybody who holds a ticket.

alter table notifications
  drop constraint notifications_once,
  alter column recipient_id drop not null,
  -- Where to, for what another service addressed itself or where nobody has an account; forgotten once it has gone there.
  add column address text,
  -- What another service wants it to be called.
  add column own_subject text,
  -- Quiet hours do not hold it up.
  add column urgent boolean not null default false,
  add column resend_of uuid constraint notifications_resend_of_fkey references notifications (id),
  add column read_at timestamptz(3),
  add constraint notifications_once unique nulls not distinct (message_id, type, channel, recipient_id),
  add constraint notifications_for_somebody check (recipient_id is not null or address is not null or status in ('SENT', 'FAILED')),
  add constraint notifications_address_is_forgotten check (address is null or status in ('PENDING', 'SENDING')),
  add constraint notifications_channel_is_offered check (channel <> 'PUSH'),
  add constraint notifications_resends_tickets check (resend_of is null or (type = 'ORDER_CONFIRMATION' and channel = 'EMAIL'));
create index notifications_unread_idx on notifications (recipient_id) where status = 'SENT' and read_at is null;
create index notifications_sent_idx on notifications (recipient_id, sent_at) where status = 'SENT';
create index notifications_resend_idx on notifications (resend_of, created_at) where resend_of is not null;

-- What users chose otherwise than the default.
create table preferences (
  user_id uuid not null,
  type notification_type not null,
  channel notification_channel not null,
  enabled boolean not null,
  updated_at timestamptz(3) not null,
  constraint preferences_pkey primary key (user_id, type, channel),
  constraint preferences_channel_is_offered check (channel <> 'PUSH'),
  constraint preferences_keep_what_is_needed check (enabled or channel <> 'EMAIL' or type not in
    ('EMAIL_VERIFICATION', 'PASSWORD_RESET', 'ORDER_CONFIRMATION', 'EVENT_CANCELLED', 'REFUND_PROCESSED')),
  constraint preferences_sms_is_offered check (not enabled or channel <> 'SMS' or type in
    ('ORDER_CONFIRMATION', 'EVENT_UPDATED', 'EVENT_CANCELLED', 'TICKET_TRANSFERRED', 'REFUND_PROCESSED'))
);

-- When a user wants to be left alone, in minutes of the day where the user is; over midnight where the end is before the start.
create table quiet_hours (
  user_id uuid constraint quiet_hours_pkey primary key,
  start_minute integer not null constraint quiet_hours_start_in_day check (start_minute between 0 and 1439),
  end_minute integer not null constraint quiet_hours_end_in_day check (end_minute between 0 and 1439),
  time_zone text not null,
  updated_at timestamptz(3) not null,
  constraint quiet_hours_last check (start_minute <> end_minute)
);

-- What everybody who holds a ticket of an event is told: turned into notifications a page of holders at a time.
create table announcements (
  id uuid constraint announcements_pkey primary key,
  type notification_type not null,
  event_id uuid not null,
  payload jsonb not null,
  correlation_id text not null,
  -- Where the next page of holders begins; null: at the first.
  position text,
  holders integer not null default 0,
  attempts integer not null default 0,
  next_attempt_at timestamptz(3) not null default clock_timestamp(),
  lease uuid,
  leased_until timestamptz(3),
  created_at timestamptz(3) not null,
  done_at timestamptz(3),
  constraint announcements_type_is_for_holders check (type in ('EVENT_UPDATED', 'EVENT_CANCELLED')),
  constraint announcements_lease_whole check ((lease is null) = (leased_until is null)),
  constraint announcements_lease_while_open check (lease is null or done_at is null)
);
create index announcements_due_idx on announcements (next_attempt_at) where done_at is null;

-- What operators were last told of each dead-letter queue.
create table dead_letter_watch (
  queue text constraint dead_letter_watch_pkey primary key,
  letters integer not null constraint dead_letter_watch_letters_counted check (letters >= 0),
  alerts integer not null default 0,
  alerted_at timestamptz(3),
  checked_at timestamptz(3) not null
);
