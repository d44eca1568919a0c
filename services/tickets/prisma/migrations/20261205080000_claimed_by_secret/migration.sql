-- When its address was mailed the secret that claims it; null: it changed hands at once, or waits since before there were secrets.
alter table ticket_transfers add column offered_at timestamptz(3);
-- How often an address is written to, whoever asks for it.
create index ticket_transfers_offered_idx on ticket_transfers (recipient_email, offered_at) where offered_at is not null;
