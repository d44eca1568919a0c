-- What is still to be told; empty when all of it is. While they are made the door waits, about a second for a million admissions,
-- and organizers who change a type; everybody reads and reserves.
create index check_ins_unannounced_idx on check_ins (check_in_id) where not announced;
create index ticket_types_unannounced_idx on ticket_types (ticket_type_id) where not announced;
