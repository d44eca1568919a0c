-- Operators look for the messages of an order, and of a request with all that it caused: the same in every service (a test compares the
-- copies). Only the archive has these indexes: the outbox is small, and each of its rows is a purchase's. On an archive that has grown
-- both are made by hand before the release, with `create index concurrently`.
create index if not exists message_archive_correlation_idx on message_archive ((body->>'correlationId'));
create index if not exists message_archive_order_idx on message_archive ((body #>> '{payload,orderId}')) where body #>> '{payload,orderId}' is not null;
