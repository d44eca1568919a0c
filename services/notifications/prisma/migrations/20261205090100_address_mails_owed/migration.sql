-- A migration of its own: a value of a type is of use when the transaction that added it has committed.
alter table preferences drop constraint preferences_keep_what_is_needed;
alter table preferences add constraint preferences_keep_what_is_needed check (enabled or channel <> 'EMAIL' or type not in
  ('EMAIL_VERIFICATION', 'PASSWORD_RESET', 'EMAIL_CHANGE', 'EMAIL_CHANGED', 'ORDER_CONFIRMATION', 'EVENT_CANCELLED', 'REFUND_PROCESSED'));
