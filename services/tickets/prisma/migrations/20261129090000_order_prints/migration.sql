-- PDFs of orders with many tickets, made once and kept for whoever asks again: a mail that is tried once more. `version` says what they
-- show; one of another version is never given out. A sweep removes them.
create table order_prints (
  order_id uuid constraint order_prints_pkey primary key,
  version text not null,
  pdf bytea not null,
  printed_at timestamptz(3) not null default clock_timestamp()
);
create index order_prints_printed_idx on order_prints (printed_at);
