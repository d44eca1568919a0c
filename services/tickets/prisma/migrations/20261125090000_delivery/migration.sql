-- Which mail `delivered_at` tells of, and the version of what was told: of one mail the higher version holds, whichever came first.
-- `delivered_at` is null where that mail did not arrive. Tickets delivered before this name no mail.
alter table tickets
  add column delivery_mail uuid,
  add column delivery_version integer,
  -- Checked for new rows alone: to look at all of them would hold up every sale. The next migration does that without.
  add constraint tickets_delivery_whole check ((delivery_mail is null) = (delivery_version is null)) not valid;
