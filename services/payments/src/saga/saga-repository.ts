import type { OrderId } from '@boxoffice/contracts'
import { currentTraceparent, type Sql, type Tx } from '@boxoffice/service-kit'
import type { Saga } from './saga.ts'

/**
 * What is stored of a saga besides its state. `fence` distinguishes the worker with the lease from earlier
 * ones.
 */
interface Kept {
  version: number
  fence: number
  attempts: number
  /** Why the last attempt failed. */
  lastError: string | null
  createdAt: Date
  /** The trace of the request in progress; null if not traced. */
  traceparent: string | null
  /** Its event was read in the commit that brought it here, and was not cancelled. */
  isEventSeen?: boolean
}
/** A stored saga with the context of its state. */
export type StoredSaga = Saga & Kept

/** Maps sagas by order. */
export const byOrder = (rows: readonly StoredSaga[]) => new Map(rows.map((saga) => [saga.orderId, saga]))

const names = ['state', 'context', 'version', 'fence', 'attempts', 'traceparent']
/** The columns of a saga, and their names in a row. */
export const sagaColumns = (of: string) =>
  ['order_id', 'last_error', 'created_at', ...names].map((name) => `${of}.${name}`).join(', ')
export const sagaRow = (of: string) =>
  `${of}.order_id as "orderId", ${of}.last_error as "lastError", ${of}.created_at as "createdAt", ` +
  names.map((name) => `${of}.${name}`).join(', ')
/** When a lease taken now ends; the parameter is in milliseconds. */
export const leaseOf = (parameter: string) => `clock_timestamp() + ${parameter} * interval '1 millisecond'`

/** Returns the saga of an order; null if there is none. */
export async function findSaga(sql: Sql, orderId: OrderId): Promise<StoredSaga | null> {
  const [saga] = await sql.query<StoredSaga>(`select ${sagaRow('sagas')} from sagas where order_id = $1`, [
    orderId,
  ])
  return saga ?? null
}

/** Returns the saga of an order, locked until the transaction ends; null if there is none. */
export const findSagaForUpdate = async (tx: Tx, orderId: OrderId): Promise<StoredSaga | null> =>
  (await findSagasForUpdate(tx, [orderId])).get(orderId) ?? null

/** Returns the sagas of orders, locked in a fixed order until the transaction ends, to avoid deadlocks. */
export async function findSagasForUpdate(
  tx: Tx,
  orderIds: readonly OrderId[],
): Promise<Map<OrderId, StoredSaga>> {
  const sql = `select ${sagaRow('sagas')} from sagas where order_id = any($1) order by order_id for update`
  return byOrder(await tx.query<StoredSaga>(sql, [orderIds]))
}

/**
 * Leases due sagas, longest due first; the fence shuts out a previous worker. Either those that have begun,
 * or queued ones, which only begin when a slot is free.
 */
export async function leaseDueSagas(
  sql: Sql,
  which: 'begun' | 'queued',
  { limit, leaseMs }: { limit: number; leaseMs: number },
): Promise<StoredSaga[]> {
  return sql.query<StoredSaga>(
    `with due as (
       select order_id from sagas
       where next_attempt_at <= clock_timestamp() and (leased_until is null or leased_until <
         clock_timestamp())
         and state ${which === 'queued' ? '=' : '<>'} 'QUEUED'
       order by next_attempt_at limit $1 for update skip locked)
     update sagas s set leased_until = ${leaseOf('$2')}, fence = fence + 1
     from due where s.order_id = due.order_id
     returning ${sagaRow('s')}`,
    [limit, leaseMs],
  )
}

/** Makes a queued saga due now, without its command. */
export const makeDue = (tx: Tx, orderId: OrderId) =>
  tx.query(
    `update sagas set next_attempt_at = least(next_attempt_at, clock_timestamp())
     where order_id = $1 and state = 'QUEUED'`,
    [orderId],
  )

/**
 * Leases the saga of an order, in the current trace and with its row locked until the transaction ends; null
 * if another worker has it.
 */
export async function leaseSaga(tx: Tx, orderId: OrderId, leaseMs: number): Promise<StoredSaga | null> {
  const [saga] = await tx.query<StoredSaga>(
    `update sagas set leased_until = ${leaseOf('$3')}, fence = fence + 1, traceparent = coalesce($2,
       traceparent)
     where order_id = $1 and (leased_until is null or leased_until < clock_timestamp())
     returning ${sagaRow('sagas')}`,
    [orderId, currentTraceparent(), leaseMs],
  )
  return saga ?? null
}

/** Renews the lease; false when another worker has it. */
export async function renewLease(sql: Sql, saga: StoredSaga, leaseMs: number): Promise<boolean> {
  const rows = await sql.query(
    `update sagas set leased_until = ${leaseOf('$3')} where order_id = $1 and fence = $2 returning order_id`,
    [saga.orderId, saga.fence, leaseMs],
  )
  return rows.length > 0
}

/**
 * Counts a failed attempt of a step that should have succeeded: returns how many in a row, and for how long.
 * Null if the saga is another worker's.
 */
export async function countFailure(
  tx: Tx,
  saga: StoredSaga,
): Promise<{ attempts: number; ms: number } | null> {
  const [row] = await tx.query<{ attempts: number; ms: number }>(
    `update sagas set failing_attempts = failing_attempts + 1, failing_since = coalesce(failing_since,
       clock_timestamp())
     where order_id = $1 and fence = $2 and version = $3
     returning failing_attempts as attempts, extract(epoch from clock_timestamp() - failing_since)::float8 *
       1000 as ms`,
    [saga.orderId, saga.fence, saga.version],
  )
  return row ?? null
}

/** Clears the failures of a step, because the present attempt could not be made. */
export const clearFailures = (sql: Sql, saga: StoredSaga) =>
  sql.query(
    `update sagas set failing_attempts = 0, failing_since = null
     where order_id = $1 and fence = $2 and failing_attempts > 0`,
    [saga.orderId, saga.fence],
  )

/**
 * Parks a saga until `waitMs` from now. One that was moved meanwhile is only released, and is due when its
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
