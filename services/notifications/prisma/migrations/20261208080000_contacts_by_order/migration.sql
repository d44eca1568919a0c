-- Whether an order may have an address of its own is asked for each mail about one. A large table gets this index by hand before, with
-- `create index concurrently`.
create index if not exists notifications_contacts_idx on notifications (order_id) where type = 'ORDER_CONTACT_REQUESTED';
