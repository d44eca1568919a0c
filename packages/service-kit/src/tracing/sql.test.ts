import { expect, test } from 'vitest'
import { summaryOf } from './sql.ts'

test.each([
  ['select 1', 'select'],
  ['begin', 'begin'],
  ['ROLLBACK', 'rollback'],
  ['select order_id from sagas where order_id = $1 for update', 'select sagas'],
  ['SELECT "public"."users"."id" FROM "public"."users" WHERE 1=1', 'select users'],
  [
    'insert into idempotency_keys as k (a) values ($1) on conflict (a) do update set a = $2',
    'insert idempotency_keys',
  ],
  ['with due as (select id from sagas for update skip locked) update sagas s set x = 1', 'update sagas'],
  ['delete from inbox where (a) in (select a from inbox)', 'delete inbox'],
  [
    'select a, extract(epoch from r.expires_at - now()), (select count(*) from order_items i) from orders r',
    'select orders',
  ],
  ['  with a as (select 1 from reservations) select * from a', 'select reservations'],
])('%s is summarized as %s', (text, summary) => {
  expect(summaryOf(text)).toBe(summary)
})
