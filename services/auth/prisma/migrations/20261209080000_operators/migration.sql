-- Operators list users, newest first, also those of one role. Few users have one of these two roles, and everyone has the third. A large
-- table gets these indexes by hand before, with `create index concurrently`.
create index if not exists users_created_idx on users (created_at, user_id);
create index if not exists users_organizers_idx on users (created_at, user_id) where roles @> array['ORGANIZER'];
create index if not exists users_admins_idx on users (created_at, user_id) where roles @> array['ADMIN'];

-- Sessions also end when a role is revoked.
alter table refresh_families drop constraint refresh_families_revoked_because_valid;
alter table refresh_families add constraint refresh_families_revoked_because_valid
  check (revoked_because in ('LOGOUT', 'REUSE', 'PASSWORD_RESET', 'DISOWNED', 'CONFIRMED', 'ADDRESS_CHANGED', 'ROLE_REVOKED')) not valid;
