import type { OrderId } from '@boxoffice/contracts'
import { currentTraceparent, type Sql, type Tx } from '@boxoffice/service-kit'
import { intentOf } from './journal.ts'
import type { Saga, SagaState } from './saga.ts'

/**
 * A saga as it stands in the database. `fence` tells the worker that holds the lease from those before it.
 */
export interface StoredSaga extends Saga {
  version: number
  fence: number
  attempts: number
  /** Why the last attempt came to nothing. */
  lastError: string | null
  createdAt: Date
  /** The trace of who asked for what is at work; null where nobody traced it. */
  traceparent: string | null
  /** Its event was looked at in the commit that brought it here, a moment ago: it was not cancelled. */
  isEventSeen?: boolean
}

export interface SagaRow {
  order_id: OrderId
  state: SagaState
  context: Saga['context']
  version: number
  fence: number
  attempts: number
  last_error: string | null
  created_at: Date
  traceparent: string | null
}
const toSaga = (row: SagaRow): StoredSaga => ({
  orderId: row.order_id,
  state: row.state,
  context: row.context,
  version: row.version,
  fence: row.fence,
  attempts: row.attempts,
  lastError: row.last_error,
  createdAt: row.created_at,
  traceparent: row.traceparent,
})
/** The sagas of rows, by their orders. */
export const byOrder = (rows: readonly SagaRow[]) => new Map(rows.map((row) => [row.order_id, toSaga(row)]))
export const sagaColumns =
  'order_id, state, context, version, fence, attempts, last_error, created_at, traceparent'
/** When a lease that is taken now ends; the parameter is in milliseconds. */
const leaseOf = (parameter: string) => `clock_timestamp() + ${parameter} * interval '1 millisecond'`

/** A saga that begins, and the trace of who asked for it. */
export interface NewSaga extends Saga {
  readonly traceparent: string | null
}

/**
 * New sagas with the intents of their first steps, of those whose orders are there: under our lease, or in
 * the queue, and due without their commands when `patienceMs` have passed.
 */
export async function insertSagas(
  tx: Tx,
  sagas: readonly NewSaga[],
  begins: { leaseMs: number } | { patienceMs: number },
): Promise<Map<OrderId, StoredSaga>> {
  const [leaseMs, patienceMs] = 'leaseMs' in begins ? [begins.leaseMs, 0] : [null, begins.patienceMs]
  const intents = sagas.map(intentOf)
  const rows = await tx.query<SagaRow>(
    `with given as (
       select n.order_id, n.state, n.context, n.traceparent, n.step, n.detail
       from unnest($1::uuid[], $2::text[], $3::jsonb[], $4::text[], $5::text[], $6::jsonb[])
         n(order_id, state, context, traceparent, step, detail)
       -- By itself for each: planned while there are few orders, a join would read all of them.
       where (select true from orders o where o.order_id = n.order_id)),
     begun as (
       insert into sagas (order_id, state, context, leased_until, next_attempt_at, traceparent)
       select order_id, state, context, ${leaseOf('$7')}, clock_timestamp() + $8 * interval '1 millisecond', traceparent from given
       returning ${sagaColumns}),
     told as (
       insert into saga_events (order_id, seq, moment, step, detail, state, fence)
       select b.order_id, 1, 'INTENT', g.step, g.detail, b.state, b.fence from begun b join given g on g.order_id = b.order_id)
     select ${sagaColumns} from begun`,
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

/** The saga of an order as it stands; null where there is none. */
export async function findSaga(sql: Sql, orderId: OrderId): Promise<StoredSaga | null> {
  const [row] = await sql.query<SagaRow>(`select ${sagaColumns} from sagas where order_id = $1`, [orderId])
  return row ? toSaga(row) : null
}

/** The saga of an order, its row locked until the transaction ends; null where there is none. */
export const findSagaForUpdate = async (tx: Tx, orderId: OrderId): Promise<StoredSaga | null> =>
  (await findSagasForUpdate(tx, [orderId])).get(orderId) ?? null

/** The sagas of orders, locked until the transaction ends, in an order that lets nobody wait in a circle. */
export async function findSagasForUpdate(
  tx: Tx,
  orderIds: readonly OrderId[],
): Promise<Map<OrderId, StoredSaga>> {
  const sql = `select ${sagaColumns} from sagas where order_id = any($1) order by order_id for update`
  return byOrder(await tx.query<SagaRow>(sql, [orderIds]))
}

/**
 * Sagas that are due and that nobody works on, now leased to us, the longest due first: a worker that is gone
 * is overtaken by its fence. Either those that have begun, or those that wait in the queue, which only begin
 * where there is room.
 */
export async function leaseDueSagas(
  sql: Sql,
  which: 'begun' | 'queued',
  { limit, leaseMs }: { limit: number; leaseMs: number },
): Promise<StoredSaga[]> {
  const rows = await sql.query<SagaRow>(
    `with due as (
       select order_id from sagas
       where next_attempt_at <= clock_timestamp() and (leased_until is null or leased_until < clock_timestamp())
         and state ${which === 'queued' ? '=' : '<>'} 'QUEUED'
       order by next_attempt_at limit $1 for update skip locked)
     update sagas s set leased_until = ${leaseOf('$2')}, fence = fence + 1 from due where s.order_id = due.order_id
     returning s.${sagaColumns.replaceAll(', ', ', s.')}`,
    [limit, leaseMs],
  )
  return rows.map(toSaga)
}

/** Let a saga that waits in the queue be due now, without its command. */
export const endPatience = (tx: Tx, orderId: OrderId) =>
  tx.query(
    `update sagas set next_attempt_at = least(next_attempt_at, clock_timestamp()) where order_id = $1 and state = 'QUEUED'`,
    [orderId],
  )

/**
 * The saga of an order under our lease and in our trace, its row locked until the transaction ends; null
 * where another works on it.
 */
export async function leaseSaga(tx: Tx, orderId: OrderId, leaseMs: number): Promise<StoredSaga | null> {
  const [row] = await tx.query<SagaRow>(
    `update sagas set leased_until = ${leaseOf('$3')}, fence = fence + 1, traceparent = coalesce($2, traceparent)
     where order_id = $1 and (leased_until is null or leased_until < clock_timestamp()) returning ${sagaColumns}`,
    [orderId, currentTraceparent(), leaseMs],
  )
  return row ? toSaga(row) : null
}

/** Keep the lease; false when another worker has it by now. */
export async function renewLease(sql: Sql, saga: StoredSaga, leaseMs: number): Promise<boolean> {
  const rows = await sql.query(
    `update sagas set leased_until = ${leaseOf('$3')} where order_id = $1 and fence = $2 returning order_id`,
    [saga.orderId, saga.fence, leaseMs],
  )
  return rows.length > 0
}

/**
 * Count a failed attempt of a step that should have succeeded: how many there were in a row, and for how
 * long. Null for another's saga.
 */
export async function noteFailing(
  tx: Tx,
  saga: StoredSaga,
): Promise<{ attempts: number; ms: number } | null> {
  const [row] = await tx.query<{ attempts: number; ms: number }>(
    `update sagas set failing_attempts = failing_attempts + 1, failing_since = coalesce(failing_since, clock_timestamp())
     where order_id = $1 and fence = $2 and version = $3
     returning failing_attempts as attempts, extract(epoch from clock_timestamp() - failing_since)::float8 * 1000 as ms`,
    [saga.orderId, saga.fence, saga.version],
  )
  return row ?? null
}

/** The present attempt could not be made: what failed before it is not counted on. */
export const endFailing = (sql: Sql, saga: StoredSaga) =>
  sql.query(
    `update sagas set failing_attempts = 0, failing_since = null where order_id = $1 and fence = $2 and failing_attempts > 0`,
    [saga.orderId, saga.fence],
  )

/**
 * Let a saga rest until `waitMs` from now; one that was moved meanwhile is only let go, and is due when its
 * mover said.
 */
export async function parkSaga(sql: Sql, saga: StoredSaga, waitMs: number): Promise<void> {
  await sql.query(
    `update sagas set leased_until = null, updated_at = clock_timestamp(),
       attempts = case when version = $5 then $3 else attempts end,
       last_error = case when version = $5 then $6 else last_error end,
       next_attempt_at = case when next_attempt_at is null or version <> $5 then next_attempt_at
         else clock_timestamp() + $4 * interval '1 millisecond' end
     where order_id = $1 and fence = $2`,
    [saga.orderId, saga.fence, saga.attempts, Math.round(waitMs), saga.version, saga.lastError],
  )
}
