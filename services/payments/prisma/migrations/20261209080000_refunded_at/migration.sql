-- When an order was refunded as a whole: before its event was cancelled, or because of that. Null for those of before this column.
alter table orders add column refunded_at timestamptz(3),
  add constraint orders_refunded_at_of_refunded check (refunded_at is null or status = 'REFUNDED') not valid;
