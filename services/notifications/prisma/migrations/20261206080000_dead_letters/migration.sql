-- What has died, for longer than a queue keeps it.
create table dead_letters (
  id uuid constraint dead_letters_pkey primary key,
  queue text not null,
  message_id text,
  event_type text not null,
  reason text,
  redrives integer not null constraint dead_letters_redrives_counted check (redrives >= 0),
  body text,
  attributes jsonb not null,
  sent_at timestamptz(3) not null,
  archived_at timestamptz(3) not null
);
create index dead_letters_sent_idx on dead_letters (sent_at desc, id desc);
create index dead_letters_message_idx on dead_letters (message_id);
