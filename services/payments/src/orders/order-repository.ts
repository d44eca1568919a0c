import {
  type Currency,
  type EventId,
  type FailureReason,
  type Minor,
  type Order,
  type OrderId,
  type OrderStatus,
  type PaymentMethod,
  type PaymentStatus,
  type ReservationId,
  type TicketId,
  type TicketTypeId,
  times,
  type UserId,
} from '@boxoffice/contracts'
import type { Tx } from '@boxoffice/service-kit'
import type { Effects } from '../saga/advance.ts'
import type { SagaContext } from '../saga/saga.ts'

/** An order as it is kept: the contract's, and what only we need. */
export interface StoredOrder extends Order {
  idempotencyKey: string
  bodyHash: string
  deferred: boolean
  version: number
  transactionId: string | null
  refusal: { status: 400 | 402 | 404 | 409; code: string; message: string } | null
}

interface Row {
  order_id: OrderId
  order_number: string
  user_id: UserId
  event_id: EventId | null
  reservation_id: ReservationId
  status: OrderStatus
  payment_status: PaymentStatus
  payment_method: PaymentMethod
  holder_name: string
  total_amount_minor: Minor | null
  refunded_amount_minor: Minor
  currency: Currency | null
  transaction_id: string | null
  failure_reason: FailureReason | null
  refusal_status: 400 | 402 | 404 | 409 | null
  refusal_code: string | null
  refusal_message: string | null
  idempotency_key: string
  body_hash: string
  deferred: boolean
  version: number
  created_at: Date
  completed_at: Date | null
  items: { ticketTypeId: TicketTypeId; quantity: number; unitPrice: Minor }[]
  tickets: { ticketId: TicketId; ticketNumber: string; qrCode: string }[]
}

const select = `select o.*,
  coalesce((select jsonb_agg(jsonb_build_object('ticketTypeId', i.ticket_type_id, 'quantity', i.quantity, 'unitPrice', i.unit_price_minor)
    order by i.ticket_type_id) from order_items i where i.order_id = o.order_id), '[]') as items,
  coalesce((select jsonb_agg(jsonb_build_object('ticketId', t.ticket_id, 'ticketNumber', t.ticket_number, 'qrCode', t.qr_code)
    order by t.ticket_number) from order_tickets t where t.order_id = o.order_id), '[]') as tickets
  from orders o`

const toOrder = (row: Row): StoredOrder => ({
  orderId: row.order_id,
  orderNumber: row.order_number,
  userId: row.user_id,
  eventId: row.event_id,
  reservationId: row.reservation_id,
  totalAmount: row.total_amount_minor,
  refundedAmount: row.refunded_amount_minor,
  currency: row.currency,
  status: row.status,
  paymentStatus: row.payment_status,
  paymentMethod: row.payment_method,
  holderName: row.holder_name,
  items: row.items.map((item) => ({ ...item, totalPrice: times(item.unitPrice, item.quantity) })),
  ...(row.tickets.length > 0 && { tickets: row.tickets }),
  ...(row.failure_reason && { failureReason: row.failure_reason }),
  createdAt: row.created_at,
  ...(row.completed_at && { completedAt: row.completed_at }),
  idempotencyKey: row.idempotency_key,
  bodyHash: row.body_hash,
  deferred: row.deferred,
  version: row.version,
  transactionId: row.transaction_id,
  refusal: row.refusal_status
    ? { status: row.refusal_status, code: row.refusal_code ?? '', message: row.refusal_message ?? '' }
    : null,
})

export interface NewOrderRow {
  orderId: OrderId
  userId: UserId
  eventId: EventId | null
  reservationId: ReservationId
  paymentMethod: PaymentMethod
  holderName: string
  idempotencyKey: string
  bodyHash: string
}

/** A new PENDING order; false where the buyer's key is bound to another already. */
export async function insertOrder(tx: Tx, order: NewOrderRow): Promise<boolean> {
  const rows = await tx.query(
    `insert into orders (order_id, order_number, user_id, event_id, reservation_id, payment_method, holder_name, idempotency_key, body_hash)
     values ($1, 'ORD-' || to_char(clock_timestamp() at time zone 'UTC', 'YYYY') || '-' || lpad(nextval('order_number_seq')::text, 6, '0'),
             $2, $3, $4, $5, $6, $7, $8)
     on conflict on constraint orders_idempotency_key_unique do nothing returning order_id`,
    [
      order.orderId,
      order.userId,
      order.eventId,
      order.reservationId,
      order.paymentMethod,
      order.holderName,
      order.idempotencyKey,
      order.bodyHash,
    ],
  )
  return rows.length > 0
}

export async function findOrder(tx: Tx, orderId: OrderId): Promise<StoredOrder | null> {
  const [row] = await tx.query<Row>(`${select} where o.order_id = $1`, [orderId])
  return row ? toOrder(row) : null
}

export async function getOrder(tx: Tx, orderId: OrderId): Promise<StoredOrder> {
  const order = await findOrder(tx, orderId)
  if (!order) throw new Error(`there is no order ${orderId}`)
  return order
}

export async function findOrderByKey(tx: Tx, userId: UserId, key: string): Promise<StoredOrder | null> {
  const [row] = await tx.query<Row>(`${select} where o.user_id = $1 and o.idempotency_key = $2`, [userId, key])
  return row ? toOrder(row) : null
}

/** A buyer's orders, the newest first, from `after` on; one more than `limit`. */
export async function listOrdersOf(
  tx: Tx,
  userId: UserId,
  limit: number,
  after: { createdAt: string; orderId: string } | null,
): Promise<StoredOrder[]> {
  const rows = await tx.query<Row>(
    `${select} where o.user_id = $1 and ($2::timestamptz is null or (o.created_at, o.order_id) < ($2, $3::uuid))
     order by o.created_at desc, o.order_id desc limit $4`,
    [userId, after?.createdAt ?? null, after?.orderId ?? null, limit + 1],
  )
  return rows.map(toOrder)
}

/** Remember that the buyer was answered 202. */
export const markDeferred = (tx: Tx, orderId: OrderId) =>
  tx.query('update orders set deferred = true where order_id = $1', [orderId])

/** What a transition changes of its order. */
export async function applyToOrder(tx: Tx, orderId: OrderId, context: SagaContext, effects: Effects): Promise<void> {
  const { order = {}, items, tickets } = effects
  await tx.query(
    `update orders set version = version + 1,
       status = coalesce($2, status), payment_status = coalesce($3, payment_status),
       event_id = coalesce($4, event_id), total_amount_minor = $5, currency = $6, transaction_id = $7,
       refunded_amount_minor = coalesce($8, refunded_amount_minor),
       failure_reason = coalesce($9, failure_reason), refusal_status = coalesce($10, refusal_status),
       refusal_code = coalesce($11, refusal_code), refusal_message = coalesce($12, refusal_message),
       completed_at = case when $13 then clock_timestamp() else completed_at end
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
      order.completed ?? false,
    ],
  )
  for (const item of items ?? []) {
    await tx.query('insert into order_items (order_id, ticket_type_id, quantity, unit_price_minor) values ($1, $2, $3, $4)', [
      orderId,
      item.ticketTypeId,
      item.quantity,
      item.unitPrice,
    ])
  }
  if (tickets && tickets.length > 0) {
    await tx.query(
      `insert into order_tickets (order_id, ticket_id, ticket_number, qr_code)
       select $1, * from unnest($2::uuid[], $3::text[], $4::text[])`,
      [orderId, tickets.map((t) => t.ticketId), tickets.map((t) => t.ticketNumber), tickets.map((t) => t.qrCode)],
    )
  }
}
