import type { OrderId } from '@boxoffice/contracts'
import { currentTraceparent, type Tx, violatedUnique } from '@boxoffice/service-kit'
import { refundOf } from './giving-back.ts'
import { intentOf } from './journal.ts'
import { isTerminal, nameOf, type Saga, type SagaInput, type SagaState } from './saga.ts'

/** A saga as it stands in the database. `fence` tells the worker that holds the lease from those before it. */
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

interface Row {
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
const toSaga = (row: Row): StoredSaga => ({
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
const columns = 'order_id, state, context, version, fence, attempts, last_error, created_at, traceparent'
/** When a lease that is taken now ends; the parameter is in milliseconds. */
const leaseOf = (parameter: string) => `clock_timestamp() + ${parameter} * interval '1 millisecond'`

/**
 * A new saga with the intent of its first step: under our lease, or in the queue, and due without its command when `patienceMs` have
 * passed.
 */
export async function insertSaga(tx: Tx, saga: Saga, begins: { leaseMs: number } | { patienceMs: number }): Promise<StoredSaga> {
  const [leaseMs, patienceMs] = 'leaseMs' in begins ? [begins.leaseMs, 0] : [null, begins.patienceMs]
  const intent = intentOf(saga)
  const [row] = await tx.query<Row>(
    `with begun as (
       insert into sagas (order_id, state, context, leased_until, next_attempt_at, traceparent)
       values ($1, $2, $3, ${leaseOf('$4')}, clock_timestamp() + $5 * interval '1 millisecond', $6)
       returning ${columns}),
     told as (
       insert into saga_events (order_id, seq, moment, step, detail, state, fence)
       select order_id, 1, 'INTENT', $7, $8, state, fence from begun)
     select ${columns} from begun`,
    [
      ...[saga.orderId, saga.state, JSON.stringify(saga.context), leaseMs, patienceMs, currentTraceparent()],
      ...[intent.step, JSON.stringify(intent.detail)],
    ],
  )
  return toSaga(row as Row)
}

/** The saga of an order as it stands; null where there is none. */
export async function findSaga(tx: Tx, orderId: OrderId): Promise<StoredSaga | null> {
  const [row] = await tx.query<Row>(`select ${columns} from sagas where order_id = $1`, [orderId])
  return row ? toSaga(row) : null
}

/** The saga of an order, its row locked until the transaction ends; null where there is none. */
export async function findSagaForUpdate(tx: Tx, orderId: OrderId): Promise<StoredSaga | null> {
  const [row] = await tx.query<Row>(`select ${columns} from sagas where order_id = $1 for update`, [orderId])
  return row ? toSaga(row) : null
}

/**
 * Sagas that are due and that nobody works on, now leased to us, the longest due first: a worker that is gone is overtaken by its fence.
 * Either those that have begun, or those that wait in the queue, which only begin where there is room.
 */
export async function leaseDueSagas(
  tx: Tx,
  which: 'begun' | 'queued',
  { limit, leaseMs }: { limit: number; leaseMs: number },
): Promise<StoredSaga[]> {
  const rows = await tx.query<Row>(
    `with due as (
       select order_id from sagas
       where next_attempt_at <= clock_timestamp() and (leased_until is null or leased_until < clock_timestamp())
         and state ${which === 'queued' ? '=' : '<>'} 'QUEUED'
       order by next_attempt_at limit $1 for update skip locked)
     update sagas s set leased_until = ${leaseOf('$2')}, fence = fence + 1 from due where s.order_id = due.order_id
     returning s.${columns.replaceAll(', ', ', s.')}`,
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

/** The saga of an order under our lease and in our trace, its row locked until the transaction ends; null where another works on it. */
export async function leaseSaga(tx: Tx, orderId: OrderId, leaseMs: number): Promise<StoredSaga | null> {
  const [row] = await tx.query<Row>(
    `update sagas set leased_until = ${leaseOf('$3')}, fence = fence + 1, traceparent = coalesce($2, traceparent)
     where order_id = $1 and (leased_until is null or leased_until < clock_timestamp()) returning ${columns}`,
    [orderId, currentTraceparent(), leaseMs],
  )
  return row ? toSaga(row) : null
}

/** Keep the lease; false when another worker has it by now. */
export async function renewLease(tx: Tx, saga: StoredSaga, leaseMs: number): Promise<boolean> {
  const rows = await tx.query(
    `update sagas set leased_until = ${leaseOf('$3')} where order_id = $1 and fence = $2 returning order_id`,
    [saga.orderId, saga.fence, leaseMs],
  )
  return rows.length > 0
}

/** Count a failed attempt of a step that should have succeeded: how many there were in a row, and for how long. Null for another's saga. */
export async function noteFailing(tx: Tx, saga: StoredSaga): Promise<{ attempts: number; ms: number } | null> {
  const [row] = await tx.query<{ attempts: number; ms: number }>(
    `update sagas set failing_attempts = failing_attempts + 1, failing_since = coalesce(failing_since, clock_timestamp())
     where order_id = $1 and fence = $2 and version = $3
     returning failing_attempts as attempts, extract(epoch from clock_timestamp() - failing_since)::float8 * 1000 as ms`,
    [saga.orderId, saga.fence, saga.version],
  )
  return row ?? null
}

/** The present attempt could not be made: what failed before it is not counted on. */
export const endFailing = (tx: Tx, saga: StoredSaga) =>
  tx.query(
    `update sagas set failing_attempts = 0, failing_since = null where order_id = $1 and fence = $2 and failing_attempts > 0`,
    [saga.orderId, saga.fence],
  )

/** Let a saga rest until `waitMs` from now; one that was moved meanwhile is only let go, and is due when its mover said. */
export async function parkSaga(tx: Tx, saga: StoredSaga, waitMs: number): Promise<void> {
  await tx.query(
    `update sagas set leased_until = null, updated_at = clock_timestamp(),
       attempts = case when version = $5 then $3 else attempts end,
       last_error = case when version = $5 then $6 else last_error end,
       next_attempt_at = case when next_attempt_at is null or version <> $5 then next_attempt_at
         else clock_timestamp() + $4 * interval '1 millisecond' end
     where order_id = $1 and fence = $2`,
    [saga.orderId, saga.fence, saga.attempts, Math.round(waitMs), saga.version, saga.lastError],
  )
}

/** What `moveSaga` rejects with when a note came between its snapshot and its lock: it succeeds when it is made again. */
export const isOvertaken = (error: unknown): boolean => violatedUnique(error) === 'saga_events_pkey'

/**
 * Move a saga on, compare-and-swap on its version: the RESULT of what happened and the INTENT of what follows, in the same statement. Null
 * when somebody else has moved it since it was read. Where it rests for `waitMs` its lease ends.
 */
export async function moveSaga(
  tx: Tx,
  saga: StoredSaga,
  input: SagaInput,
  next: Pick<Saga, 'state' | 'context'>,
  waitMs: number,
): Promise<StoredSaga | null> {
  const stays = next.state === saga.state && refundOf(next.context).refundId === refundOf(saga.context).refundId
  const ends = isTerminal(next.state)
  // Another amount is another call: what a refund at the gateway leaves to be done stands in the journal too.
  const isNewCall = !stays || input.type === 'REFUNDED_ELSEWHERE'
  const events = [
    { place: 1, moment: 'RESULT', step: nameOf(saga.state, input), result: input.type, input },
    ...(isNewCall && !ends ? [{ place: 2, moment: 'INTENT', ...intentOf({ ...saga, ...next }) }] : []),
  ]
  const [row] = await tx.query<Row>(
    `with moved as (
       update sagas set state = $3, context = $4, version = version + 1, updated_at = clock_timestamp(),
         attempts = case when $5 then attempts else 0 end, last_error = null,
         failing_attempts = case when $5 then failing_attempts else 0 end, failing_since = case when $5 then failing_since end,
         since = case when $5 then since else clock_timestamp() end,
         next_attempt_at = case when $6 then null when $3 = 'QUEUED' then next_attempt_at -- it keeps its place
           else clock_timestamp() + $7 * interval '1 millisecond' end,
         leased_until = case when $6 or $7 > 0 then null else leased_until end
       where order_id = $1 and version = $2 returning ${columns}),
     told as (
       insert into saga_events (order_id, seq, moment, step, result, input, detail, state, fence)
       select m.order_id, (select coalesce(max(seq), 0) from saga_events where order_id = $1) + e.place,
         e.moment, e.step, e.result, e.input, e.detail, m.state, m.fence
       from moved m, jsonb_to_recordset($8::jsonb)
         e(place integer, moment text, step text, result text, input jsonb, detail jsonb))
     select ${columns} from moved`,
    [
      ...[saga.orderId, saga.version, next.state, JSON.stringify(next.context), stays, ends, Math.round(waitMs)],
      JSON.stringify(events),
    ],
  )
  return row ? toSaga(row) : null
}
