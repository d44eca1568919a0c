-- Of what another service asked for: it is not sent, because that service, or its recipient, does not want it, or there is no point.
alter type notification_status add value 'CANCELLED';
create type notification_priority as enum ('LOW', 'MEDIUM', 'HIGH', 'URGENT');
