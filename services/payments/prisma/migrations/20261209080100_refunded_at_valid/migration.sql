-- Reads the table, which others can write meanwhile.
alter table orders validate constraint orders_refunded_at_of_refunded;
