-- An account's address becomes another: a link for the new one, and word to the one before.
alter type notification_type add value 'EMAIL_CHANGE' after 'PASSWORD_RESET';
alter type notification_type add value 'EMAIL_CHANGED' after 'EMAIL_CHANGE';
