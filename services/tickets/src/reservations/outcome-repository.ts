import type { OrderId, ReservationId } from '@boxoffice/contracts'
import type { Sql, Tx } from '@boxoffice/service-kit'

export type Outcome = 'ISSUED' | 'REJECTED' | 'CANCELLED'
export interface OrderOutcome {
  readonly outcome: Outcome
  readonly reason: string | null
}

export async function findOutcome(sql: Sql, orderId: OrderId): Promise<OrderOutcome | null> {
  const [row] = await sql.query<OrderOutcome>(
    'select outcome, reason from order_outcomes where order_id = $1',
    [orderId],
  )
  return row ?? null
}

/** Returns which of these orders were rejected or cancelled. */
export async function listEndedOrders(tx: Tx, orderIds: readonly OrderId[]): Promise<OrderId[]> {
  const rows = await tx.query<{ orderId: OrderId }>(
    `select order_id as "orderId" from order_outcomes where order_id = any($1::uuid[])
       and outcome <> 'ISSUED'`,
    [orderIds],
  )
  return rows.map(({ orderId }) => orderId)
}

/**
 * Inserts an order's outcome; returns null if it was written, else the existing one. Issuing, rejecting and
 * cancelling call this first: the primary key decides which wins.
 */
export async function insertOutcome(
  tx: Tx,
  orderId: OrderId,
  outcome: Outcome,
  about: { reservationId: ReservationId | null; reason: string | null },
): Promise<OrderOutcome | null> {
  const inserted = await tx.query(
    `insert into order_outcomes (order_id, outcome, reservation_id, reason) values ($1, $2, $3, $4)
     on conflict (order_id) do nothing returning order_id`,
    [orderId, outcome, about.reservationId, about.reason],
  )
  return inserted.length > 0 ? null : findOutcome(tx, orderId)
}

/** Inserts ISSUED for several orders; returns those that had no outcome before. */
export async function insertIssued(
  tx: Tx,
  orders: readonly { orderId: OrderId; reservationId: ReservationId }[],
): Promise<Set<OrderId>> {
  const rows = await tx.query<{ orderId: OrderId }>(
    `insert into order_outcomes (order_id, outcome, reservation_id)
     select o.order_id, 'ISSUED', o.reservation_id
     from unnest($1::uuid[], $2::uuid[]) o(order_id, reservation_id) order by o.order_id
     on conflict (order_id) do nothing returning order_id as "orderId"`,
    [orders.map(({ orderId }) => orderId), orders.map(({ reservationId }) => reservationId)],
  )
  return new Set(rows.map(({ orderId }) => orderId))
}

/**
 * Replaces ISSUED by another outcome: when issuing fails later in the same transaction, or when the tickets
 * are cancelled.
 */
export async function replaceIssued(
  tx: Tx,
  orderId: OrderId,
  outcome: 'REJECTED' | 'CANCELLED',
  reason: string,
): Promise<void> {
  await tx.query(
    `update order_outcomes set outcome = $2, reason = $3 where order_id = $1 and outcome = 'ISSUED'`,
    [orderId, outcome, reason],
  )
}
