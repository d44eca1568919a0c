-- Reads the whole table, and lets everybody else read and write it meanwhile.
alter table tickets validate constraint tickets_delivery_whole;
