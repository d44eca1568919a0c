import type { Currency, Minor, OrderId, Refund, RefundId, RefundStatus, TicketId } from '@boxoffice/contracts'
import type { Sql, Tx } from '@boxoffice/service-kit'
import type { RefundEffects } from '../saga/transition.ts'

/** A refund as it is kept: the contract's, and the tickets that stood in the way of one that failed. */
export interface StoredRefund extends Refund {
  refusedTicketIds: TicketId[]
}

interface Row {
  refund_id: RefundId
  order_id: OrderId
  status: RefundStatus
  amount_minor: Minor | null
  currency: Currency
  reason: string
  failure_reason: string | null
  requested_ticket_ids: TicketId[] | null
  refused_ticket_ids: TicketId[] | null
  item_ids: TicketId[] | null
  created_at: Date
  completed_at: Date | null
}
const toRefund = (row: Row): StoredRefund => {
  const ticketIds = row.item_ids ?? row.requested_ticket_ids
  return {
    refundId: row.refund_id,
    orderId: row.order_id,
    status: row.status,
    amount: row.amount_minor,
    currency: row.currency,
    reason: row.reason,
    ...(ticketIds && { ticketIds }),
    ...(row.failure_reason && { failureReason: row.failure_reason }),
    createdAt: row.created_at,
    ...(row.completed_at && { completedAt: row.completed_at }),
    refusedTicketIds: row.refused_ticket_ids ?? [],
  }
}
const select = `select r.*, (select array_agg(i.ticket_id order by i.ticket_id) from refund_items i where i.refund_id = r.refund_id) as item_ids
  from refunds r`

export async function findRefund(sql: Sql, refundId: RefundId): Promise<StoredRefund | null> {
  const [row] = await sql.query<Row>(`${select} where r.refund_id = $1`, [refundId])
  return row ? toRefund(row) : null
}

/** The refunds of an order, the oldest first. */
export async function listRefunds(sql: Sql, orderId: OrderId): Promise<StoredRefund[]> {
  const rows = await sql.query<Row>(`${select} where r.order_id = $1 order by r.created_at, r.refund_id`, [
    orderId,
  ])
  return rows.map(toRefund)
}

/** Those of the tickets that were refunded before. */
export async function findRefundedAmong(tx: Tx, ticketIds: readonly TicketId[]): Promise<TicketId[]> {
  const rows = await tx.query<{ ticket_id: TicketId }>(
    'select ticket_id from refund_items where ticket_id = any($1)',
    [ticketIds],
  )
  return rows.map((row) => row.ticket_id)
}

/**
 * What a transition changes of an order's refunds, beside the ledger. A ticket that was refunded before
 * violates its key.
 */
export async function applyToRefunds(
  tx: Tx,
  orderId: OrderId,
  currency: Currency,
  effects: RefundEffects,
): Promise<void> {
  const { opened, withdrawn, settled = [], failed } = effects
  if (opened) {
    await tx.query(
      `insert into refunds (refund_id, order_id, status, amount_minor, currency, reason, requested_by, requested_ticket_ids)
       values ($1, $2, 'PENDING', $3, $4, $5, $6, $7)`,
      [
        opened.refundId,
        orderId,
        opened.amount ?? null,
        currency,
        opened.reason,
        opened.requestedBy ?? null,
        opened.ticketIds ?? null,
      ],
    )
  }
  if (withdrawn) {
    const { refundId, amount, tickets } = withdrawn
    await tx.query("update refunds set amount_minor = $2 where refund_id = $1 and status = 'PENDING'", [
      refundId,
      amount,
    ])
    await tx.query(
      `insert into refund_items (refund_id, ticket_id, ticket_type_id, unit_price_minor)
       select $1, * from unnest($2::uuid[], $3::uuid[], $4::bigint[])`,
      [
        refundId,
        tickets.map((t) => t.ticketId),
        tickets.map((t) => t.ticketTypeId),
        tickets.map((t) => t.unitPrice),
      ],
    )
  }
  for (const { refundId, amount, reason, gatewayRefundId } of settled) {
    // One that was made at the gateway by hand is only known now that it is done.
    await tx.query(
      `insert into refunds as r (refund_id, order_id, status, amount_minor, currency, reason, gateway_refund_id, completed_at)
       values ($1, $2, 'SUCCEEDED', $3, $4, $5, $6, clock_timestamp())
       on conflict on constraint refunds_pkey do update set status = 'SUCCEEDED', amount_minor = excluded.amount_minor,
         gateway_refund_id = excluded.gateway_refund_id, completed_at = excluded.completed_at`,
      [refundId, orderId, amount, currency, reason, gatewayRefundId ?? null],
    )
  }
  if (failed) {
    await tx.query(
      `update refunds set status = 'FAILED', failure_reason = $2, refused_ticket_ids = $3, completed_at = clock_timestamp()
       where refund_id = $1`,
      [failed.refundId, failed.reason, failed.ticketIds],
    )
  }
}
