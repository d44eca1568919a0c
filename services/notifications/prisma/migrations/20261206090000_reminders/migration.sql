-- Whoever holds a ticket is reminded of its event.
alter type notification_type add value 'EVENT_REMINDER' after 'EVENT_CANCELLED';
