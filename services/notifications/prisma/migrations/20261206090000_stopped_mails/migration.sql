-- Tickets that admit nobody for now, and that they admit again: word to who holds them.
alter type notification_type add value 'TICKETS_STOPPED' after 'TICKET_TRANSFERRED';
