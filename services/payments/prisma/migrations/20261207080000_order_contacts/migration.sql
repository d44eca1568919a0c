-- An order's mails go to an address of its own, confirmed by its reader, where the buyer's account does not get them.
alter table orders add column contact_email text;
alter table orders add constraint orders_contact_email_lower_case check (contact_email = lower(contact_email)) not valid;

create table order_contact_changes (
  change_id uuid constraint order_contact_changes_pkey primary key,
  order_id uuid not null constraint order_contact_changes_order_fkey references orders (order_id),
  user_id uuid not null,
  email text not null constraint order_contact_changes_email_lower_case check (email = lower(email)),
  created_at timestamptz(3) not null,
  expires_at timestamptz(3) not null,
  confirmed_at timestamptz(3),
  -- Another was asked for since, or its reader does not want the mails.
  cancelled_at timestamptz(3),
  -- Of a confirmed one: where the mails went before (null: to the account), and until when the reader there undoes it.
  old_email text,
  undo_expires_at timestamptz(3),
  -- Undone, or ended with all others by going back to the account's address.
  undone_at timestamptz(3),
  constraint order_contact_changes_short_lived check (expires_at > created_at and expires_at <= created_at + interval '1 day'),
  constraint order_contact_changes_one_end check (confirmed_at is null or cancelled_at is null),
  constraint order_contact_changes_undo_of_confirmed check ((undo_expires_at is null) = (confirmed_at is null)),
  constraint order_contact_changes_old_of_confirmed check (old_email is null or confirmed_at is not null),
  constraint order_contact_changes_undone check (undone_at is null or confirmed_at is not null)
);
-- An order waits for one address.
create unique index order_contact_changes_waiting_once on order_contact_changes (order_id)
  where confirmed_at is null and cancelled_at is null;
create index order_contact_changes_order_idx on order_contact_changes (order_id, created_at);
create index order_contact_changes_user_idx on order_contact_changes (user_id, created_at);
create index order_contact_changes_email_idx on order_contact_changes (email, created_at);
create index order_contact_changes_created_idx on order_contact_changes (created_at) where confirmed_at is null or undone_at is not null;
