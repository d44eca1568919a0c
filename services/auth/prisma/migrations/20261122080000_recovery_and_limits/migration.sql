-- Somebody asked for a mail to an address, whether or not it has an account: answered at once, looked into afterwards.
create table mail_requests (
  request_id uuid constraint mail_requests_pkey primary key,
  kind text not null constraint mail_requests_kind_valid check (kind in ('VERIFICATION', 'PASSWORD_RESET')),
  email text not null constraint mail_requests_email_lower_case check (email = lower(email)),
  correlation_id text not null,
  requested_at timestamptz(3) not null
);
create index mail_requests_requested_idx on mail_requests (requested_at);

-- The newest token of each account that sets a new password, and no other: its hash alone.
create table password_resets (
  user_id uuid constraint password_resets_pkey primary key
    constraint password_resets_user_fkey references users (user_id),
  token_hash bytea not null constraint password_resets_token_hash_key unique
    constraint password_resets_token_hash_is_sha256 check (octet_length(token_hash) = 32),
  created_at timestamptz(3) not null,
  expires_at timestamptz(3) not null,
  used_at timestamptz(3),
  constraint password_resets_short_lived
    check (expires_at > created_at and expires_at <= created_at + interval '30 minutes')
);
create index password_resets_expires_idx on password_resets (expires_at);

alter table refresh_families drop constraint refresh_families_revoked_because_valid;
alter table refresh_families add constraint refresh_families_revoked_because_valid
  check (revoked_because in ('LOGOUT', 'REUSE', 'PASSWORD_RESET'));

-- What is counted to keep guessing and flooding slow: by account or by network, each as a hash.
create table attempts (
  kind text not null constraint attempts_kind_valid
    check (kind in ('LOGIN_OF_ACCOUNT', 'LOGIN_FROM_NETWORK', 'REGISTRATION_FROM_NETWORK', 'MAIL_FROM_NETWORK')),
  subject_hash bytea not null constraint attempts_subject_hash_is_sha256 check (octet_length(subject_hash) = 32),
  count integer not null constraint attempts_count_positive check (count > 0),
  ends_at timestamptz(3) not null,
  constraint attempts_pkey primary key (kind, subject_hash)
);
create index attempts_ends_idx on attempts (ends_at);
