import type { EventId, OrderId } from '@boxoffice/contracts'
import type { Sql, Tx } from '@boxoffice/service-kit'

const FIRST_REST_SECONDS = 1
const LONGEST_REST_SECONDS = 60

/** A cancelled event whose orders are not all refunded yet, with the start of its next page. */
export interface CancelledEvent {
  eventId: EventId
  after: { createdAt: Date; orderId: OrderId } | null
}

/**
 * Stores that an event is cancelled: nothing is charged for it from now on, and what was charged is refunded.
 * Waits for transactions that hold the event to sell free tickets.
 */
export async function saveCancelledEvent(tx: Tx, eventId: EventId): Promise<void> {
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 1))', [eventId])
  await tx.query('insert into cancelled_events (event_id) values ($1) on conflict do nothing', [eventId])
}

export async function isEventCancelled(sql: Sql, eventId: string): Promise<boolean> {
  return (await sql.query('select from cancelled_events where event_id = $1', [eventId])).length > 0
}

/** Returns which of the events are cancelled. */
export async function findCancelledEvents(tx: Tx, eventIds: readonly EventId[]): Promise<Set<EventId>> {
  const sql = 'select event_id as "eventId" from cancelled_events where event_id = any($1)'
  return new Set((await tx.query<{ eventId: EventId }>(sql, [eventIds])).map(({ eventId }) => eventId))
}

/**
 * Locks whether events are cancelled until the transaction ends, so that the refunds of an event cancelled
 * later find an order paid in this transaction. Take it before row locks.
 */
export async function lockEventStates(tx: Tx, eventIds: readonly EventId[]): Promise<void> {
  const sql = `select pg_advisory_xact_lock_shared(hashtextextended(event_id, 1))
     from unnest($1::text[]) held(event_id)`
  await tx.query(sql, [eventIds.toSorted()])
}

/** Leases a due cancelled event for one page; null if there is none. */
export async function leaseCancelledEvent(sql: Sql, leaseMs: number): Promise<CancelledEvent | null> {
  const [row] = await sql.query<{ eventId: EventId; createdAt: Date | null; orderId: OrderId | null }>(
    `update cancelled_events set leased_until = clock_timestamp() + $1 * interval '1 millisecond'
     where event_id = (
       select event_id from cancelled_events
       where next_attempt_at <= clock_timestamp() and (leased_until is null or leased_until <
         clock_timestamp())
       order by next_attempt_at limit 1 for update skip locked)
     returning event_id as "eventId", after_created_at as "createdAt", after_order_id as "orderId"`,
    [leaseMs],
  )
  if (!row) return null
  const { eventId, createdAt, orderId } = row
  return { eventId, after: createdAt && orderId ? { createdAt, orderId } : null }
}

/** Returns orders of the event that are paid and not refunded or about to be, oldest first. */
export const listPaidOrders = (sql: Sql, { eventId, after }: CancelledEvent, limit: number) =>
  sql.query<{ orderId: OrderId; createdAt: Date }>(
    `select order_id as "orderId", created_at as "createdAt" from orders
     where event_id = $1 and status in ('PAID', 'CONFIRMED')
       and ($2::timestamptz is null or (created_at, order_id) > ($2, $3::uuid))
     order by created_at, order_id limit $4`,
    [eventId, after?.createdAt ?? null, after?.orderId ?? null, limit],
  )

/** Ends a page: the next one begins after its last order, for any worker. */
export async function endPage(
  sql: Sql,
  eventId: EventId,
  last: { createdAt: Date; orderId: OrderId },
): Promise<void> {
  await sql.query(
    `update cancelled_events set after_created_at = $2, after_order_id = $3, leased_until = null,
       next_attempt_at = clock_timestamp()
     where event_id = $1`,
    [eventId, last.createdAt, last.orderId],
  )
}

/**
 * Ends a pass over the event's orders. Starts another pass after a pause while any order may still be paid
 * (payment or partial refund in progress); else the event is finished.
 */
export async function endRound(sql: Sql, eventId: EventId): Promise<void> {
  await sql.query(
    `update cancelled_events set after_created_at = null, after_order_id = null, leased_until = null,
       rounds = rounds + 1,
       next_attempt_at = case when exists (
           select from orders where event_id = $1 and status in (
             'PENDING', 'PAID', 'CONFIRMED', 'REFUND_PENDING'))
         then clock_timestamp()
           + least(${LONGEST_REST_SECONDS}, ${FIRST_REST_SECONDS} * power(2, least(rounds, 10)))
             * interval '1 second'
       end
     where event_id = $1`,
    [eventId],
  )
}
