-- The address of an account becomes another: proved by who reads there, and undone by who reads at the one before.
create table email_changes (
  token_hash bytea constraint email_changes_pkey primary key
    constraint email_changes_token_hash_is_sha256 check (octet_length(token_hash) = 32),
  user_id uuid not null constraint email_changes_user_fkey references users (user_id),
  old_email text not null constraint email_changes_old_email_lower_case check (old_email = lower(old_email)),
  new_email text not null constraint email_changes_new_email_lower_case check (new_email = lower(new_email)),
  created_at timestamptz(3) not null,
  expires_at timestamptz(3) not null,
  confirmed_at timestamptz(3),
  -- Another was asked for since, a password was set through the mail, or who reads there does not want it.
  cancelled_at timestamptz(3),
  -- Where the old address was proven: what its reader undoes the change with, and until when nobody else gets that address.
  undo_token_hash bytea constraint email_changes_undo_token_hash_key unique
    constraint email_changes_undo_token_hash_is_sha256 check (octet_length(undo_token_hash) = 32),
  undo_expires_at timestamptz(3),
  undone_at timestamptz(3),
  constraint email_changes_short_lived check (expires_at > created_at and expires_at <= created_at + interval '30 minutes'),
  constraint email_changes_one_end check (confirmed_at is null or cancelled_at is null),
  constraint email_changes_undo_of_confirmed check (undo_token_hash is null or confirmed_at is not null),
  constraint email_changes_undo_ends check ((undo_token_hash is null) = (undo_expires_at is null)),
  constraint email_changes_undone check (undone_at is null or undo_token_hash is not null)
);
create index email_changes_user_idx on email_changes (user_id, created_at);
create index email_changes_new_email_idx on email_changes (new_email, created_at);
create index email_changes_expires_idx on email_changes (expires_at);
create index email_changes_kept_idx on email_changes (old_email, undo_expires_at) where undone_at is null;

alter table refresh_families drop constraint refresh_families_revoked_because_valid;
alter table refresh_families add constraint refresh_families_revoked_because_valid
  check (revoked_because in ('LOGOUT', 'REUSE', 'PASSWORD_RESET', 'DISOWNED', 'CONFIRMED', 'ADDRESS_CHANGED'));
