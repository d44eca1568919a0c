-- Reads the table, and lets everybody else read and write it meanwhile.
alter table ticket_transfers validate constraint ticket_transfers_email_one_spelling;
