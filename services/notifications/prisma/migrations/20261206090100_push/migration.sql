-- Pushes to browsers, more text messages, and reminders. (The type's new value is of use since the migration before.)
alter table notifications
  drop constraint notifications_channel_is_offered,
  -- Of a push that is being sent: what became of it on each device, by the id of its subscription; forgotten when it is settled.
  add column pushed jsonb,
  add constraint notifications_pushed_to_devices check (pushed is null or channel = 'PUSH') not valid;

alter table preferences
  drop constraint preferences_channel_is_offered,
  drop constraint preferences_sms_is_offered,
  add constraint preferences_sms_is_offered check (not enabled or channel <> 'SMS' or type in
    ('ORDER_CONFIRMATION', 'ORDER_CREATED', 'ORDER_STATUS_CHANGED', 'ORDER_CANCELLED', 'PAYMENT_PROCESSED', 'EVENT_UPDATED',
     'EVENT_CANCELLED', 'EVENT_REMINDER', 'TICKET_TRANSFERRED', 'REFUND_PROCESSED')) not valid,
  add constraint preferences_push_is_offered check (not enabled or channel <> 'PUSH' or type in
    ('ORDER_CONFIRMATION', 'ORDER_CREATED', 'ORDER_STATUS_CHANGED', 'ORDER_CANCELLED', 'PAYMENT_PROCESSED', 'PAYMENT_FAILED',
     'EVENT_UPDATED', 'EVENT_CANCELLED', 'EVENT_REMINDER', 'TICKET_TRANSFERRED', 'REFUND_PROCESSED')) not valid;

alter table announcements
  drop constraint announcements_type_is_for_holders,
  add constraint announcements_type_is_for_holders check (type in ('EVENT_UPDATED', 'EVENT_CANCELLED', 'EVENT_REMINDER')) not valid;

-- The browsers that get pushes. An endpoint is one account's at a time.
create table push_subscriptions (
  id uuid constraint push_subscriptions_pkey primary key,
  user_id uuid not null,
  endpoint text not null,
  p256dh text not null,
  auth text not null,
  -- Our public key that the browser subscribed with: its push service takes messages that are signed with that one alone.
  server_key text not null,
  device text,
  -- The sign-in that added it, with whose end it goes.
  session_id uuid not null,
  created_at timestamptz(3) not null,
  last_used_at timestamptz(3),
  constraint push_subscriptions_endpoint_once unique (endpoint),
  constraint push_subscriptions_endpoint_is_https check (endpoint ~ '^https://')
);
create index push_subscriptions_user_idx on push_subscriptions (user_id);
create index push_subscriptions_session_idx on push_subscriptions (session_id);

-- When whoever holds a ticket of an event is reminded of it.
create table event_reminders (
  event_id uuid constraint event_reminders_pkey primary key,
  -- Of the event, as last told: messages come in any order.
  version integer not null,
  event_date timestamptz(3) not null,
  -- null: nobody is to be reminded, or everybody was.
  due_at timestamptz(3),
  -- The date that they were reminded of.
  reminded_for timestamptz(3),
  attempts integer not null default 0,
  lease uuid,
  leased_until timestamptz(3),
  constraint event_reminders_lease_whole check ((lease is null) = (leased_until is null)),
  constraint event_reminders_lease_while_due check (lease is null or due_at is not null)
);
create index event_reminders_due_idx on event_reminders (due_at) where due_at is not null;
