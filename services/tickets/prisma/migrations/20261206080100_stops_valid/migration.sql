-- Read the table, and let everybody else read and write it meanwhile.
alter table tickets validate constraint tickets_stop_reason_valid;
alter table tickets validate constraint tickets_stop_has_reason;
alter table tickets validate constraint tickets_stop_noted;
alter table tickets validate constraint tickets_stopped_stays;
