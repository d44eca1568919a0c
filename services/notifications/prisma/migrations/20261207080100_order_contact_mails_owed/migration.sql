-- A migration of its own: a value of a type is of use when the transaction that added it has committed.
alter table preferences add constraint preferences_keep_contacts
  check (enabled or channel <> 'EMAIL' or type not in ('ORDER_CONTACT_REQUESTED', 'ORDER_CONTACT_CHANGED'));
