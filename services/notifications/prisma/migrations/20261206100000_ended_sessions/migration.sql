-- Sign-ins that ended, for as long as an access token of theirs may still be about: no device is added by one of them.
create table ended_sessions (
  session_id uuid constraint ended_sessions_pkey primary key,
  ended_at timestamptz(3) not null
);
create index ended_sessions_ended_idx on ended_sessions (ended_at);
