-- Whose place a ticket took. On a table that has grown it is made by hand before the release.
create index if not exists tickets_next_idx on tickets (generation, next_ticket_id) where next_ticket_id is not null;
