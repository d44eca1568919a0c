-- What is known of events says their zone in any letters, as the event service once took it. It is the same zone.
with zone as materialized (select name from pg_timezone_names)
update events e set time_zone = z.name from zone z where lower(z.name) = lower(e.time_zone) and z.name <> e.time_zone;
