-- Zones were taken in any letters: `europe/warsaw`. They stand as IANA writes them from now on: the same zones, and no news to anybody.
with zone as materialized (select name from pg_timezone_names)
update events e set time_zone = z.name from zone z where lower(z.name) = lower(e.time_zone) and z.name <> e.time_zone;

with zone as materialized (select name from pg_timezone_names)
update venues v set time_zone = z.name from zone z where lower(z.name) = lower(v.time_zone) and z.name <> v.time_zone;
