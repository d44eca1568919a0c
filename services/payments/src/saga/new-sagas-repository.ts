import type { OrderId } from '@boxoffice/contracts'
import type { Tx } from '@boxoffice/service-kit'
import { intentOf } from './journal.ts'
import type { Saga } from './saga.ts'
import { byOrder, leaseOf, type StoredSaga, sagaColumns, sagaRow } from './saga-repository.ts'

/** A saga to insert, and the trace of the request. */
export type NewSaga = Saga<'QUEUED' | 'RESERVING'> & { readonly traceparent: string | null }

/**
 * Inserts sagas with the intents of their first steps, for orders that exist: under our lease, or queued and
 * due without their command after `patienceMs`.
 */
export async function insertSagas(
  tx: Tx,
  sagas: readonly NewSaga[],
  begins: { leaseMs: number } | { patienceMs: number },
): Promise<Map<OrderId, StoredSaga>> {
  const [leaseMs, patienceMs] = 'leaseMs' in begins ? [begins.leaseMs, 0] : [null, begins.patienceMs]
  const intents = sagas.map(intentOf)
  const rows = await tx.query<StoredSaga>(
    `with given as (
       select n.order_id, n.state, n.context, n.traceparent, n.step, n.detail
       from unnest($1::uuid[], $2::text[], $3::jsonb[], $4::text[], $5::text[], $6::jsonb[])
         n(order_id, state, context, traceparent, step, detail)
       -- By itself for each: planned while there are few orders, a join would read all of them.
       where (select true from orders o where o.order_id = n.order_id)),
     begun as (
       insert into sagas (order_id, state, context, leased_until, next_attempt_at, traceparent)
       select order_id, state, context, ${leaseOf('$7')},
         clock_timestamp() + $8 * interval '1 millisecond', traceparent
       from given returning ${sagaColumns('sagas')}),
     journal as (
       insert into saga_events (order_id, seq, moment, step, detail, state, fence)
       select b.order_id, 1, 'INTENT', g.step, g.detail, b.state, b.fence
       from begun b join given g on g.order_id = b.order_id)
     select ${sagaRow('begun')} from begun`,
    [
      sagas.map(({ orderId }) => orderId),
      sagas.map(({ state }) => state),
      sagas.map(({ context }) => JSON.stringify(context)),
      sagas.map(({ traceparent }) => traceparent),
      intents.map(({ step }) => step),
      intents.map(({ detail }) => JSON.stringify(detail)),
      leaseMs,
      patienceMs,
    ],
  )
  return byOrder(rows)
}
