alter table notifications validate constraint notifications_pushed_to_devices;
alter table preferences
  validate constraint preferences_sms_is_offered,
  validate constraint preferences_push_is_offered;
alter table announcements validate constraint announcements_type_is_for_holders;
