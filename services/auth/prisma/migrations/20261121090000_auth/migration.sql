create table users (
  user_id uuid constraint users_pkey primary key,
  -- Kept in lower case, so that one address is one account however it is typed.
  email text not null constraint users_email_key unique constraint users_email_lower_case check (email = lower(email)),
  password_hash text not null constraint users_password_hash_is_argon2id check (password_hash like '$argon2id$v=19$%'),
  first_name text not null constraint users_first_name_not_empty check (first_name <> ''),
  last_name text not null constraint users_last_name_not_empty check (last_name <> ''),
  phone text constraint users_phone_international check (phone ~ '^\+[1-9][0-9]{6,14}$'),
  locale text not null,
  roles text[] not null constraint users_roles_valid
    check (roles <@ array['USER', 'ORGANIZER', 'ADMIN'] and roles @> array['USER']),
  email_verified_at timestamptz(3),
  version integer not null default 1 constraint users_version_positive check (version > 0),
  created_at timestamptz(3) not null
);

-- What was mailed to prove that an address is one's own: the hash alone, the token itself is nowhere here.
create table email_verifications (
  token_hash bytea constraint email_verifications_pkey primary key
    constraint email_verifications_token_hash_is_sha256 check (octet_length(token_hash) = 32),
  user_id uuid not null constraint email_verifications_user_fkey references users (user_id),
  created_at timestamptz(3) not null,
  expires_at timestamptz(3) not null,
  used_at timestamptz(3),
  constraint email_verifications_short_lived
    check (expires_at > created_at and expires_at <= created_at + interval '30 minutes')
);
create index email_verifications_user_idx on email_verifications (user_id);
create index email_verifications_expires_idx on email_verifications (expires_at);

-- A sign-in and all the refresh tokens that came of it. Its row is what concurrent refreshes of one family queue on.
create table refresh_families (
  family_id uuid constraint refresh_families_pkey primary key,
  user_id uuid not null constraint refresh_families_user_fkey references users (user_id),
  created_at timestamptz(3) not null,
  last_used_at timestamptz(3) not null,
  expires_at timestamptz(3) not null,
  revoked_at timestamptz(3),
  revoked_because text constraint refresh_families_revoked_because_valid check (revoked_because in ('LOGOUT', 'REUSE')),
  constraint refresh_families_revoked_with_reason check ((revoked_at is null) = (revoked_because is null))
);
create index refresh_families_user_idx on refresh_families (user_id);
create index refresh_families_expires_idx on refresh_families (expires_at);

create table refresh_tokens (
  token_hash bytea constraint refresh_tokens_pkey primary key
    constraint refresh_tokens_token_hash_is_sha256 check (octet_length(token_hash) = 32),
  family_id uuid not null constraint refresh_tokens_family_fkey references refresh_families (family_id) on delete cascade,
  predecessor_hash bytea constraint refresh_tokens_one_successor unique
    constraint refresh_tokens_predecessor_fkey references refresh_tokens (token_hash),
  created_at timestamptz(3) not null,
  expires_at timestamptz(3) not null,
  used_at timestamptz(3),
  -- The successor, readable with this token alone: for the holder whose answer was lost.
  sealed_successor bytea,
  constraint refresh_tokens_used_has_successor check ((used_at is null) = (sealed_successor is null))
);
create unique index refresh_tokens_one_unused on refresh_tokens (family_id) where used_at is null;
create index refresh_tokens_family_idx on refresh_tokens (family_id);
