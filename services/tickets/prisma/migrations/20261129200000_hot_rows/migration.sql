-- What every hold writes is checked against other tables no more: a check costs several times what the row does (decision 0036). The
-- transaction that writes it has read the event, its types, its seats and the reservation, none of which is ever deleted.
alter table seat_claims
  drop constraint seat_claims_seat_fkey,
  drop constraint seat_claims_reservation_fkey;
alter table reservation_items
  drop constraint reservation_items_reservation_fkey,
  drop constraint reservation_items_type_fkey;
alter table reservations
  drop constraint reservations_currency_fkey,
  drop constraint reservations_event_key;
