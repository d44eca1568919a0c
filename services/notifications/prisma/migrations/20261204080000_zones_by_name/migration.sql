-- Zones of quiet hours were taken in any letters: `europe/warsaw`. They stand as IANA writes them from now on.
with zone as materialized (select name from pg_timezone_names)
update quiet_hours q set time_zone = z.name from zone z where lower(z.name) = lower(q.time_zone) and z.name <> q.time_zone;
