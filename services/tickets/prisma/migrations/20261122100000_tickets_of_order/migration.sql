-- All tickets of an order, also those that changed hands: tickets_order_item_key has only those that were issued.
create index tickets_order_idx on tickets (order_id);
