-- The trace (W3C's traceparent) in which a row was written: whoever works on it later goes on in it. Null: nobody traced.
alter table sagas add column traceparent text;
alter table webhook_events add column traceparent text;
