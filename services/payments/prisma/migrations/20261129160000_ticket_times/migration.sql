-- When the ticket service made a ticket, as every view of it says. Null: it was told before it said so.
alter table order_tickets add column created_at timestamptz(3);
