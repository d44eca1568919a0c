-- Of what another service asked for: it is not sent, because that service, or its recipient, does not want it, or there is no point.
alter type notification_status add value 'CANCELLED';
-- It may have been made by hand, with the column and the index of `20261206080300_requests_order`.
do $$ begin
  create type notification_priority as enum ('LOW', 'MEDIUM', 'HIGH', 'URGENT');
exception when duplicate_object then null;
end $$;
