import type { OrderId } from '@boxoffice/contracts'
import type { Tx } from '@boxoffice/service-kit'
import type { SagaContext } from '../saga/saga.ts'
import type { Effects } from '../saga/transition.ts'

/** What a transition changes of its order. All of it is sent before anything is answered, and before what the caller sends next. */
export async function applyToOrder(tx: Tx, orderId: OrderId, context: SagaContext, effects: Effects): Promise<void> {
  const { order = {}, items = [], tickets = [] } = effects
  const writing: Promise<unknown>[] = []
  const write = (text: string, values: unknown[]) => void writing.push(tx.query(text, values))
  write(
    `update orders set version = version + 1,
       status = coalesce($2, status), payment_status = coalesce($3, payment_status),
       event_id = coalesce($4, event_id), total_amount_minor = $5, currency = $6, transaction_id = $7,
       refunded_amount_minor = coalesce($8, refunded_amount_minor),
       failure_reason = coalesce($9, failure_reason), refusal_status = coalesce($10, refusal_status),
       refusal_code = coalesce($11, refusal_code), refusal_message = coalesce($12, refusal_message),
       refusal_seat_ids = coalesce($13, refusal_seat_ids),
       refusal_reservation_ids = coalesce($16, refusal_reservation_ids), holder_name = coalesce($14, holder_name),
       completed_at = case when $15 then clock_timestamp() else completed_at end
     where order_id = $1`,
    [
      orderId,
      order.status ?? null,
      order.paymentStatus ?? null,
      context.eventId ?? null,
      context.total ?? null,
      context.currency ?? null,
      context.transactionId ?? null,
      order.refunded ?? null,
      order.failure?.reason ?? null,
      order.failure?.status ?? null,
      order.failure?.code ?? null,
      order.failure?.message ?? null,
      order.failure?.seatIds ?? null,
      order.holderName ?? null,
      order.completed ?? false,
      order.failure?.reservationIds ?? null,
    ],
  )
  if (items.length > 0) {
    write(
      `insert into order_items (order_id, ticket_type_id, quantity, unit_price_minor, seat_ids)
       select $1, "ticketTypeId", quantity, "unitPrice", "seatIds"
       from jsonb_to_recordset($2::jsonb) i("ticketTypeId" uuid, quantity integer, "unitPrice" bigint, "seatIds" text[])`,
      [orderId, JSON.stringify(items)],
    )
  }
  if (tickets.length > 0) {
    write(
      `insert into order_tickets (order_id, ticket_id, ticket_number, qr_code, created_at)
       select $1, * from unnest($2::uuid[], $3::text[], $4::text[], $5::timestamptz[])`,
      [
        orderId,
        tickets.map((t) => t.ticketId),
        tickets.map((t) => t.ticketNumber),
        tickets.map((t) => t.qrCode),
        tickets.map((t) => t.createdAt ?? null),
      ],
    )
  }
  await Promise.all(writing)
}
