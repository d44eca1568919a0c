-- The trace (W3C's traceparent) in which a row was written: whoever works on it later goes on in it. Null: nobody traced.
alter table ticket_transfers add column traceparent text;
