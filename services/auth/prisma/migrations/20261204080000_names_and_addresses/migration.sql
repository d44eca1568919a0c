-- Many people have one name: it is the first, and the last is empty.
alter table users drop constraint users_last_name_not_empty;

-- An address is kept in one spelling, so that it is one account however it is typed: without spaces and marks, plain letters in lower
-- case, its domain in ASCII. What stands there was typed in ASCII and made lower case, which is that spelling already: no two rows can
-- become one. The same of requests for mails that wait.
alter table users
  add constraint users_email_one_spelling check (email ~ '^[!-?A-~]+@[a-z0-9.-]+$') not valid;
alter table mail_requests
  add constraint mail_requests_email_one_spelling check (email ~ '^[!-?A-~]+@[a-z0-9.-]+$') not valid;
