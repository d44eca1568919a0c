-- An order has an address of its own: a link for the reader there, and word to where its mails went before.
alter type notification_type add value 'ORDER_CONTACT_REQUESTED' after 'TICKETS_STOPPED';
alter type notification_type add value 'ORDER_CONTACT_CHANGED' after 'ORDER_CONTACT_REQUESTED';
