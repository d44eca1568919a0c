-- What is known of events says their zone in any letters, as the event service once took it. It is the same zone.
with zone as materialized (select name from pg_timezone_names)
update event_pictures p set time_zone = z.name from zone z where lower(z.name) = lower(p.time_zone) and z.name <> p.time_zone;
