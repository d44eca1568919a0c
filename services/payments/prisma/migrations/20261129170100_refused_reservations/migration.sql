-- One's own reservations that stood in the way of an order.
alter table orders add column refusal_reservation_ids uuid[];
