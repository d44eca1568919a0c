import type { OrderId } from '@boxoffice/contracts'
import { type Tx, violatedUnique } from '@boxoffice/service-kit'
import { refundOf } from './amounts.ts'
import type { SagaInput } from './input.ts'
import { intentOf, nameOf } from './journal.ts'
import type { Saga, SagaPosition } from './saga.ts'
import { byOrder, type StoredSaga, sagaColumns, sagaRow } from './saga-repository.ts'
import { isTerminal } from './states.ts'

/** The next state of a saga, its cause, and how long it waits there. */
export interface SagaMove {
  readonly saga: StoredSaga
  readonly input: SagaInput
  readonly next: SagaPosition
  readonly waitMs: number
}

/**
 * Whether `moveSagas` failed because a note came between its snapshot and its lock; repeating it succeeds.
 */
export const isOvertaken = (error: unknown): boolean => violatedUnique(error) === 'saga_events_pkey'

/**
 * Moves sagas, each once, by compare-and-swap on the version; writes the RESULT of the input and the next
 * INTENT in the same statement. Returns the moved ones, without those that another worker has moved since
 * they were read. A saga that waits for `waitMs` loses its lease.
 */
export async function moveSagas(tx: Tx, moves: readonly SagaMove[]): Promise<Map<OrderId, StoredSaga>> {
  if (moves.length === 0) return new Map()
  const events = moves.flatMap(eventsOf)
  const rows = await tx.query<StoredSaga>(
    `with wanted as (
       select order_id, version, state, context, stays, ends, wait_ms
       from unnest($1::uuid[], $2::integer[], $3::text[], $4::jsonb[], $5::boolean[], $6::boolean[],
         $7::integer[])
         w(order_id, version, state, context, stays, ends, wait_ms)),
     locked as (
       select s.order_id from wanted w join sagas s on s.order_id = w.order_id and s.version = w.version
       order by s.order_id for update of s),
     moved as (
       update sagas s set state = w.state, context = w.context, version = s.version + 1,
         updated_at = clock_timestamp(),
         attempts = case when w.stays then s.attempts else 0 end, last_error = null,
         failing_attempts = case when w.stays then s.failing_attempts else 0 end,
         failing_since = case when w.stays then s.failing_since end,
         since = case when w.stays then s.since else clock_timestamp() end,
         next_attempt_at = case when w.ends then null
           when w.state = 'QUEUED' then s.next_attempt_at -- it keeps its place
           else clock_timestamp() + w.wait_ms * interval '1 millisecond' end,
         leased_until = case when w.ends or w.wait_ms > 0 then null else s.leased_until end
       from wanted w join locked l on l.order_id = w.order_id
       where s.order_id = w.order_id returning ${sagaColumns('s')}),
     journal as (
       insert into saga_events (order_id, seq, moment, step, result, input, detail, state, fence)
       select m.order_id,
         (select coalesce(max(seq), 0) from saga_events j where j.order_id = m.order_id) + e.place,
         e.moment, e.step, e.result, e.input, e.detail, m.state, m.fence
       from moved m join unnest($8::uuid[], $9::integer[], $10::text[], $11::text[], $12::text[],
         $13::jsonb[], $14::jsonb[])
         e(order_id, place, moment, step, result, input, detail) on e.order_id = m.order_id)
     select ${sagaRow('moved')} from moved`,
    [
      moves.map(({ saga }) => saga.orderId),
      moves.map(({ saga }) => saga.version),
      moves.map(({ next }) => next.state),
      moves.map(({ next }) => JSON.stringify(next.context)),
      moves.map(staysInPlace),
      moves.map(({ next }) => isTerminal(next.state)),
      moves.map(({ waitMs }) => Math.round(waitMs)),
      events.map(({ orderId }) => orderId),
      events.map(({ place }) => place),
      events.map(({ moment }) => moment),
      events.map(({ step }) => step),
      events.map(({ result }) => result),
      events.map(({ input }) => input && JSON.stringify(input)),
      events.map(({ detail }) => detail && JSON.stringify(detail)),
    ],
  )
  return byOrder(rows)
}

const staysInPlace = ({ saga, next }: SagaMove): boolean =>
  next.state === saga.state && refundOf(next.context).refundId === refundOf(saga.context).refundId

/** The journal events of a move. */
function eventsOf(move: SagaMove) {
  const { saga, input, next } = move
  const { orderId } = saga
  const result = {
    ...{ orderId, place: 1, moment: 'RESULT' },
    step: nameOf(saga.state, input),
    result: input.type,
    input,
    detail: null,
  }
  // Another amount is another call: the journal also stores what a manual refund leaves to be done.
  const isNewCall = !staysInPlace(move) || input.type === 'REFUNDED_ELSEWHERE'
  if (!isNewCall || isTerminal(next.state)) return [result]
  return [
    result,
    {
      ...{ orderId, place: 2, moment: 'INTENT' },
      ...intentOf({ orderId, ...next } as Saga),
      result: null,
      input: null,
    },
  ]
}
