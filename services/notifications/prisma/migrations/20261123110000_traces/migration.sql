-- The trace (W3C's traceparent) in which a row was written: whoever works on it later goes on in it. Null: nobody traced.
alter table notifications add column traceparent text;
alter table announcements add column traceparent text;
