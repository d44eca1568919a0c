-- What waits already gets the places that the service gives its types from now on.
update notifications set priority = case
    when type in ('EMAIL_VERIFICATION', 'PASSWORD_RESET', 'EMAIL_CHANGE', 'EMAIL_CHANGED', 'USER_WELCOME') then 'URGENT'
    when type in ('ORDER_CONFIRMATION', 'TICKET_TRANSFERRED', 'EVENT_CANCELLED', 'PAYMENT_FAILED', 'REFUND_PROCESSED') then 'HIGH'
    else 'LOW' end::notification_priority
  where status in ('PENDING', 'SENDING')
    and type not in ('EVENT_UPDATED', 'ORDER_CREATED', 'ORDER_CANCELLED', 'PAYMENT_PROCESSED');

alter table notifications
  validate constraint notifications_pending_is_untried,
  validate constraint notifications_failed_has_reason,
  validate constraint notifications_for_somebody,
  validate constraint notifications_cancelled_was_requested,
  validate constraint notifications_template_was_requested,
  validate constraint notifications_result_is_for_somebody;
