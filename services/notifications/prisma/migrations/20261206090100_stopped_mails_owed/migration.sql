-- A migration of its own: a value of a type is of use when the transaction that added it has committed.
alter table preferences add constraint preferences_keep_stops check (enabled or channel <> 'EMAIL' or type <> 'TICKETS_STOPPED');
