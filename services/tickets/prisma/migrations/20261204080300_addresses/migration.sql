-- Whoever a ticket is passed on to is found by their address in its one spelling. What stands there was typed in ASCII and made lower case,
-- which is that spelling already.
alter table ticket_transfers
  add constraint ticket_transfers_email_one_spelling check (recipient_email ~ '^[!-?A-~]+@[a-z0-9.-]+$') not valid;
