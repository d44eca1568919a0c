-- Reads the whole table, and lets everybody else read and write it meanwhile.
alter table ticket_types validate constraint ticket_types_version_valid;
