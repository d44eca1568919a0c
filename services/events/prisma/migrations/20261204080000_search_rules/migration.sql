-- By which rules the words of a row were made. What older rules made is found as before until the service has made it anew.
alter table events add column search_rules integer not null default 1 constraint events_search_rules_positive check (search_rules > 0);
alter table venues add column search_rules integer not null default 1 constraint venues_search_rules_positive check (search_rules > 0);

-- What has no words, or those of the first rules. An index for each rules that follow.
drop index events_unsearchable_idx;
drop index venues_unsearchable_idx;
create index events_unsearchable_idx on events (id) where search is null or search_rules < 2;
create index venues_unsearchable_idx on venues (id) where search is null or search_rules < 2;
