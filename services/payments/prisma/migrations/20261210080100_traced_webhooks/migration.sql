-- Operators look for the gateway's events of an order: those of its charge name the order, those of a refund or dispute the payment. On a
-- table that has grown this is made by hand before the release, with `create index concurrently`.
create index if not exists webhook_events_subject_idx on webhook_events
  ((coalesce(body #>> '{data,object,metadata,orderId}', body #>> '{data,object,payment_intent}')));
