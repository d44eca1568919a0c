-- Operators look for every transfer of a ticket, also a cancelled one. On a table that has grown this is made by hand before the release,
-- with `create index concurrently`.
create index if not exists ticket_transfers_ticket_idx on ticket_transfers (ticket_id);
