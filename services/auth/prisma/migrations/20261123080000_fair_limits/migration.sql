-- Failed sign-ins are counted by account and network together, so that nobody locks another out of an account from elsewhere.
alter table attempts drop constraint attempts_kind_valid;
alter table attempts add constraint attempts_kind_valid check (kind in (
  'LOGIN_OF_ACCOUNT', 'LOGIN_OF_ACCOUNT_FROM_NETWORK', 'LOGIN_FROM_NETWORK', 'REGISTRATION_FROM_NETWORK', 'MAIL_FROM_NETWORK'));
-- The account alone, where the subject is more than that: whoever sets a new password is forgiven wherever the failures were.
alter table attempts add column account_hash bytea constraint attempts_account_hash_is_sha256 check (octet_length(account_hash) = 32);
create index attempts_account_idx on attempts (account_hash);

-- Where an account was signed in to lately: from there an attack on it from elsewhere keeps nobody out.
create table known_networks (
  user_id uuid not null constraint known_networks_user_fkey references users (user_id),
  network_hash bytea not null constraint known_networks_network_hash_is_sha256 check (octet_length(network_hash) = 32),
  last_used_at timestamptz(3) not null,
  constraint known_networks_pkey primary key (user_id, network_hash)
);
create index known_networks_last_used_idx on known_networks (last_used_at);
