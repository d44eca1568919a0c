-- When an address was taken off the list. It is on it again by what was told after that alone: `since > lifted_at`, which also the
-- version before writes where it hears of something newer.
alter table mail_suppressions add column lifted_at timestamptz(3);
