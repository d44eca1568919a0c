-- Reads the table, which others can write meanwhile.
alter table refresh_families validate constraint refresh_families_revoked_because_valid;
