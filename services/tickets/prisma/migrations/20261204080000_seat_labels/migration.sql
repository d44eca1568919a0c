-- A label may have a hyphen, which is written as an underscore in the seat's id. Labels that stand there have none, so nothing is read here.
alter table seats
  drop constraint seats_id_valid,
  add constraint seats_id_valid
    check (seat_id = zone_id || '-' || replace(row_label, '-', '_') || '-' || replace(col_label, '-', '_')) not valid;
