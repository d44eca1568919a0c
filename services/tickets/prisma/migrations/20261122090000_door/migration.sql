alter table event_pictures
  -- When we learned that the event is cancelled.
  add column cancelled_at timestamptz(3);
update event_pictures set cancelled_at = clock_timestamp() where status = 'CANCELLED';
alter table event_pictures
  add constraint event_pictures_cancellation_dated check (cancelled_at is null or status = 'CANCELLED');

alter table tickets add column cancelled_at timestamptz(3);
update tickets set cancelled_at = clock_timestamp() where status = 'CANCELLED';
alter table tickets
  add constraint tickets_cancellation_dated check (cancelled_at is null or status = 'CANCELLED');
-- What an event's organizer reads, page by page.
create index tickets_event_idx on tickets (event_id, created_at, ticket_id) where status <> 'TRANSFERRED';

-- Tickets that are passed on, to whoever an address belongs to.
create table ticket_transfers (
  transfer_id uuid not null,
  -- The sender's ticket, and the one that took its place.
  ticket_id uuid not null,
  new_ticket_id uuid,
  event_id uuid not null,
  sender_id uuid not null,
  recipient_email text not null,
  recipient_id uuid,
  holder_name text not null,
  status text not null default 'PENDING',
  -- Why it was cancelled.
  reason text,
  created_at timestamptz(3) not null default clock_timestamp(),
  ended_at timestamptz(3),
  -- When the auth service was asked again, after this row was there for the message that completes it.
  checked_at timestamptz(3),
  constraint ticket_transfers_pkey primary key (transfer_id),
  constraint ticket_transfers_ticket_fkey foreign key (ticket_id) references tickets (ticket_id),
  constraint ticket_transfers_new_ticket_fkey foreign key (new_ticket_id) references tickets (ticket_id),
  constraint ticket_transfers_new_ticket_key unique (new_ticket_id),
  constraint ticket_transfers_event_fkey foreign key (event_id) references event_pictures (event_id),
  constraint ticket_transfers_status_valid check (status in ('PENDING', 'COMPLETED', 'CANCELLED')),
  constraint ticket_transfers_email_valid check (recipient_email = lower(recipient_email)),
  constraint ticket_transfers_ended check ((status = 'PENDING') = (ended_at is null)),
  constraint ticket_transfers_completed check (
    (status = 'COMPLETED') = (new_ticket_id is not null) and (status = 'COMPLETED') = (recipient_id is not null)),
  constraint ticket_transfers_reason_valid check (reason in ('WITHDRAWN', 'TICKET_USED', 'TICKET_CANCELLED')),
  constraint ticket_transfers_reason_given check ((status = 'CANCELLED') = (reason is not null)),
  constraint ticket_transfers_not_to_self check (recipient_id <> sender_id)
);
-- A ticket waits for one address at a time, and changes hands once: then another ticket takes its place.
create unique index ticket_transfers_live_key on ticket_transfers (ticket_id) where status in ('PENDING', 'COMPLETED');
create index ticket_transfers_sender_idx on ticket_transfers (sender_id, created_at desc, transfer_id desc);
create index ticket_transfers_waiting_idx on ticket_transfers (recipient_email) where status = 'PENDING';
create index ticket_transfers_unchecked_idx on ticket_transfers (created_at) where status = 'PENDING' and checked_at is null;

-- Admissions: one for a ticket, ever.
create table check_ins (
  check_in_id uuid not null,
  ticket_id uuid not null,
  event_id uuid not null,
  gate text,
  checked_in_at timestamptz(3) not null default clock_timestamp(),
  checked_in_by uuid not null,
  request_id text not null,
  constraint check_ins_pkey primary key (check_in_id),
  constraint check_ins_ticket_key unique (ticket_id),
  constraint check_ins_ticket_fkey foreign key (ticket_id) references tickets (ticket_id),
  constraint check_ins_event_fkey foreign key (event_id) references event_pictures (event_id)
);
