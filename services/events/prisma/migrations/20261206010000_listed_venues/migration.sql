-- Whether other organizers see a venue. One that was made for a draft alone, from a name and an address, is as secret as the draft.
alter table venues add column listed boolean not null default false;
update venues v set listed = true
where city is not null or country is not null or time_zone is not null or capacity is not null
   or exists (select from events e where e.venue_id = v.id and e.status <> 'DRAFT');
