alter table venues
  add column city text constraint venues_city_not_empty check (city <> ''),
  add column country text constraint venues_country_is_alpha_2 check (country ~ '^[A-Z]{2}$'),
  add column time_zone text,
  add column capacity integer constraint venues_capacity_positive check (capacity > 0),
  add column search tsvector;
create index venues_search_idx on venues using gin (search);
create index venues_name_idx on venues (lower(name), id);

-- What is searched is written by the service, which knows how people type names: without accents, in any case. Null: not yet.
alter table events drop column search;
alter table events add column search tsvector;
create index events_search_idx on events using gin (search);
create index events_unsearchable_idx on events (id) where search is null;
create index venues_unsearchable_idx on venues (id) where search is null;
