-- What became of mails after the provider took them, and the addresses that get none any more.

alter table notifications
  -- It came back for good, or was not sent for what is in it. The log shows it as BOUNCED.
  add column bounced_at timestamptz(3),
  add column bounce_reason text,
  -- It is late, or came back for a reason that may pass: remembered, and nothing follows.
  add column delayed_at timestamptz(3),
  add column delay_reason text,
  -- Whoever got it called it unwanted.
  add column complained_at timestamptz(3),
  add constraint notifications_bounce_whole check ((bounced_at is null) = (bounce_reason is null)),
  add constraint notifications_delay_whole check ((delayed_at is null) = (delay_reason is null)),
  -- What comes back was sent: whoever is told so before the sender has written it down, writes it down.
  add constraint notifications_bounced_was_sent check (bounced_at is null or status = 'SENT'),
  add constraint notifications_feedback_is_of_mails check
    (channel = 'EMAIL' or (bounced_at is null and delayed_at is null and complained_at is null));
create index notifications_provider_message_idx on notifications (provider_message_id) where provider_message_id is not null;

create table mail_suppressions (
  -- SHA-256 of the address in lower case, in hex: the list names nobody.
  address_hash text not null,
  cause text not null,
  reason text not null,
  since timestamptz(3) not null,
  -- The mail that told, where it was one of ours.
  notification_id uuid,
  constraint mail_suppressions_pkey primary key (address_hash, cause),
  constraint mail_suppressions_hashed check (address_hash ~ '^[0-9a-f]{64}$'),
  constraint mail_suppressions_cause_known check (cause in ('BOUNCE', 'COMPLAINT'))
);
