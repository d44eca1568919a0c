-- Reads the table, and lets everybody else read and write it meanwhile.
alter table users validate constraint users_email_one_spelling;
alter table mail_requests validate constraint mail_requests_email_one_spelling;
