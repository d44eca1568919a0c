import type { Currency, OrderId, Refund, RefundId, TicketId } from '@boxoffice/contracts'
import type { Sql, Tx } from '@boxoffice/service-kit'
import type { CompletedRefund, RefundEffects } from '../saga/transition.ts'

/** A stored refund: the contract's, and the tickets that made a failed one impossible. */
export interface StoredRefund extends Refund {
  refusedTicketIds: TicketId[]
}

interface Row extends Omit<Refund, 'ticketIds' | 'failureReason' | 'completedAt'> {
  failureReason: string | null
  requestedTicketIds: TicketId[] | null
  refusedTicketIds: TicketId[] | null
  itemIds: TicketId[] | null
  completedAt: Date | null
}
const toRefund = ({
  failureReason,
  completedAt,
  itemIds,
  requestedTicketIds,
  refusedTicketIds,
  ...row
}: Row): StoredRefund => {
  const ticketIds = itemIds ?? requestedTicketIds
  return {
    ...row,
    ...(ticketIds && { ticketIds }),
    ...(failureReason && { failureReason }),
    ...(completedAt && { completedAt }),
    refusedTicketIds: refusedTicketIds ?? [],
  }
}
const select = `select r.refund_id as "refundId", r.order_id as "orderId", r.status,
    r.amount_minor as amount, r.currency, r.reason, r.failure_reason as "failureReason",
    r.requested_ticket_ids as "requestedTicketIds",
    r.refused_ticket_ids as "refusedTicketIds", r.created_at as "createdAt", r.completed_at as "completedAt",
    (select array_agg(i.ticket_id order by i.ticket_id)
     from refund_items i where i.refund_id = r.refund_id) as "itemIds"
  from refunds r`

export async function findRefund(sql: Sql, refundId: RefundId): Promise<StoredRefund | null> {
  const [row] = await sql.query<Row>(`${select} where r.refund_id = $1`, [refundId])
  return row ? toRefund(row) : null
}

/** Returns the refunds of an order, oldest first. */
export async function listRefunds(sql: Sql, orderId: OrderId): Promise<StoredRefund[]> {
  const rows = await sql.query<Row>(`${select} where r.order_id = $1 order by r.created_at, r.refund_id`, [
    orderId,
  ])
  return rows.map(toRefund)
}

/** Returns which of the tickets were refunded before. */
export async function findRefundedAmong(tx: Tx, ticketIds: readonly TicketId[]): Promise<TicketId[]> {
  const sql = 'select ticket_id as "ticketId" from refund_items where ticket_id = any($1)'
  return (await tx.query<{ ticketId: TicketId }>(sql, [ticketIds])).map(({ ticketId }) => ticketId)
}

/**
 * Applies a transition to an order's refunds, besides the ledger. A ticket that was refunded before violates
 * its key.
 */
export async function applyToRefunds(
  tx: Tx,
  orderId: OrderId,
  currency: Currency,
  { opened, withdrawn, completed = [], failed }: RefundEffects,
): Promise<void> {
  if (opened) await insertRefund(tx, orderId, currency, opened)
  if (withdrawn) await insertRefundItems(tx, withdrawn)
  for (const refund of completed) await completeRefund(tx, orderId, currency, refund)
  if (!failed) return
  await tx.query(
    `update refunds set status = 'FAILED', failure_reason = $2, refused_ticket_ids = $3,
       completed_at = clock_timestamp() where refund_id = $1`,
    [failed.refundId, failed.reason, failed.ticketIds],
  )
}

async function insertRefund(
  tx: Tx,
  orderId: OrderId,
  currency: Currency,
  { refundId, amount, reason, requestedBy, ticketIds }: NonNullable<RefundEffects['opened']>,
): Promise<void> {
  await tx.query(
    `insert into refunds (refund_id, order_id, status, amount_minor, currency, reason, requested_by,
       requested_ticket_ids)
     values ($1, $2, 'PENDING', $3, $4, $5, $6, $7)`,
    [refundId, orderId, amount ?? null, currency, reason, requestedBy ?? null, ticketIds ?? null],
  )
}

async function insertRefundItems(
  tx: Tx,
  { refundId, amount, tickets }: NonNullable<RefundEffects['withdrawn']>,
): Promise<void> {
  await tx.query("update refunds set amount_minor = $2 where refund_id = $1 and status = 'PENDING'", [
    refundId,
    amount,
  ])
  await tx.query(
    `insert into refund_items (refund_id, ticket_id, ticket_type_id, unit_price_minor)
     select $1, ticket_id, ticket_type_id, price
     from unnest($2::uuid[], $3::uuid[], $4::bigint[]) t(ticket_id, ticket_type_id, price)`,
    [
      refundId,
      tickets.map((t) => t.ticketId),
      tickets.map((t) => t.ticketTypeId),
      tickets.map((t) => t.unitPrice),
    ],
  )
}

/** A refund made by hand at the gateway is inserted when it becomes known. */
async function completeRefund(
  tx: Tx,
  orderId: OrderId,
  currency: Currency,
  { refundId, amount, reason, gatewayRefundId }: CompletedRefund,
): Promise<void> {
  await tx.query(
    `insert into refunds as r (refund_id, order_id, status, amount_minor, currency, reason,
       gateway_refund_id, completed_at)
     values ($1, $2, 'SUCCEEDED', $3, $4, $5, $6, clock_timestamp())
     on conflict on constraint refunds_pkey do update set status = 'SUCCEEDED',
       amount_minor = excluded.amount_minor, gateway_refund_id = excluded.gateway_refund_id,
       completed_at = excluded.completed_at`,
    [refundId, orderId, amount, currency, reason, gatewayRefundId ?? null],
  )
}
