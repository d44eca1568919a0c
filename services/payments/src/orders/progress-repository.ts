import type { FailureReason, OrderId, OrderStatus, PaymentStatus } from '@boxoffice/contracts'
import type { Sql } from '@boxoffice/service-kit'
import type { SagaEvent } from '../saga/journal.ts'

/** An event of an order's journal, and the order as of reading. */
export interface Progress {
  readonly orderId: OrderId
  readonly seq: number
  readonly event: SagaEvent
  readonly status: OrderStatus
  readonly paymentStatus: PaymentStatus
  readonly failureReason: FailureReason | null
}

type Row = Omit<Progress, 'event'> & SagaEvent

/** Returns the journal events of these orders after the event given for each, oldest first. */
export async function listProgress(sql: Sql, since: ReadonlyMap<OrderId, number>): Promise<Progress[]> {
  if (since.size === 0) return []
  const rows = await sql.query<Row>(
    `select e.order_id as "orderId", e.seq, e.at, e.moment, e.step, e.result, e.input, e.detail, e.state,
       o.status, o.payment_status as "paymentStatus", o.failure_reason as "failureReason"
     from unnest($1::uuid[], $2::integer[]) w(order_id, seen)
     join saga_events e on e.order_id = w.order_id and e.seq > w.seen
     join orders o on o.order_id = e.order_id
     order by e.order_id, e.seq`,
    [[...since.keys()], [...since.values()]],
  )
  return rows.map(({ orderId, seq, status, paymentStatus, failureReason, ...event }) => ({
    ...{ orderId, seq, event, status, paymentStatus, failureReason },
  }))
}
