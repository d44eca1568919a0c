-- Reads the table, which others can write meanwhile.
alter table notifications validate constraint notifications_resends_kept;
