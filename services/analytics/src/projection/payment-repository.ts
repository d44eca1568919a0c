import type { Sql } from '@boxoffice/service-kit'
import { paymentColumns, paymentTotalColumns } from '../rows.ts'
import type { PaymentFacts, PaymentTotals } from './payments.ts'
import { defineTable } from './table-repository.ts'

const payments = defineTable<PaymentFacts>({
  name: 'payments',
  key: ['orderId'],
  columns: paymentColumns,
})
export const putPayments = payments.put

/**
 * Returns the stored facts of these orders' payments, each locked until the transaction ends, in order of
 * their ids.
 */
export const lockPayments = (
  sql: Sql,
  generation: number,
  added: readonly PaymentFacts[],
): Promise<PaymentFacts[]> =>
  sql.query<PaymentFacts>(
    `insert into payments (generation, order_id, event_id)
     select $1, t.order_id, t.event_id from unnest($2::uuid[], $3::uuid[]) t(order_id, event_id)
     order by t.order_id
     on conflict (generation, order_id) do update set order_id = excluded.order_id
     returning ${payments.selected}`,
    [generation, added.map(({ orderId }) => orderId), added.map(({ eventId }) => eventId)],
  )

/** Adds differences to the counters, row by row in order of their keys. */
export const { put: addToPaymentTotals } = defineTable<PaymentTotals>({
  name: 'payment_totals',
  key: ['eventId', 'outcome'],
  columns: paymentTotalColumns,
  onConflict:
    'payments = t.payments + excluded.payments, amount_minor = t.amount_minor + excluded.amount_minor',
})
