-- Whoever confirms an address says a password with it: every session of before ends.
alter table refresh_families drop constraint refresh_families_revoked_because_valid;
alter table refresh_families add constraint refresh_families_revoked_because_valid
  check (revoked_because in ('LOGOUT', 'REUSE', 'PASSWORD_RESET', 'DISOWNED', 'CONFIRMED'));
