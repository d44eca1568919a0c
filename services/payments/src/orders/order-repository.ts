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
  type SeatId,
  TICKETS_PER_ORDER_MAX,
  type TicketId,
  type TicketTypeId,
  times,
  type UserId,
} from '@boxoffice/contracts'
import type { Tx } from '@boxoffice/service-kit'

/** An order as it is kept: the contract's, and what only we need. */
export interface StoredOrder extends Order {
  idempotencyKey: string
  bodyHash: string
  deferred: boolean
  version: number
  transactionId: string | null
  refusal: {
    status: 400 | 402 | 404 | 409
    code: string
    message: string
    seatIds?: SeatId[]
    reservationIds?: ReservationId[]
  } | null
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
  refusal_seat_ids: SeatId[] | null
  refusal_reservation_ids: ReservationId[] | null
  idempotency_key: string
  body_hash: string
  deferred: boolean
  version: number
  created_at: Date
  completed_at: Date | null
  items: { ticketTypeId: TicketTypeId; quantity: number; unitPrice: Minor; seatIds?: SeatId[] }[]
  tickets: { ticketId: TicketId; ticketNumber: string; qrCode: string; createdAt: string | null }[]
}

const select = `select o.*,
  coalesce((select jsonb_agg(jsonb_strip_nulls(jsonb_build_object('ticketTypeId', i.ticket_type_id, 'quantity', i.quantity,
    'unitPrice', i.unit_price_minor, 'seatIds', i.seat_ids)) order by i.ticket_type_id) from order_items i where i.order_id = o.order_id), '[]') as items,
  coalesce((select jsonb_agg(jsonb_build_object('ticketId', t.ticket_id, 'ticketNumber', t.ticket_number, 'qrCode', t.qr_code,
    'createdAt', t.created_at)
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
  ...(row.tickets.length > 0 && {
    tickets: row.tickets.map(({ createdAt, ...ticket }) => ({ ...ticket, ...(createdAt && { createdAt: new Date(createdAt) }) })),
  }),
  ...(row.failure_reason && { failureReason: row.failure_reason }),
  createdAt: row.created_at,
  ...(row.completed_at && { completedAt: row.completed_at }),
  idempotencyKey: row.idempotency_key,
  bodyHash: row.body_hash,
  deferred: row.deferred,
  version: row.version,
  transactionId: row.transaction_id,
  refusal: row.refusal_status
    ? {
        status: row.refusal_status,
        code: row.refusal_code ?? '',
        message: row.refusal_message ?? '',
        ...(row.refusal_seat_ids && { seatIds: row.refusal_seat_ids }),
        ...(row.refusal_reservation_ids && { reservationIds: row.refusal_reservation_ids }),
      }
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
  deferred: boolean
}

/** A new PENDING order; false where the buyer's key is bound to another already. */
export async function insertOrder(tx: Tx, order: NewOrderRow): Promise<boolean> {
  const rows = await tx.query(
    `insert into orders (order_id, order_number, user_id, event_id, reservation_id, payment_method, holder_name, idempotency_key, body_hash, deferred)
     values ($1, 'ORD-' || to_char(clock_timestamp() at time zone 'UTC', 'YYYY') || '-' || lpad(nextval('order_number_seq')::text, 6, '0'),
             $2, $3, $4, $5, $6, $7, $8, $9)
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
      order.deferred,
    ],
  )
  return rows.length > 0
}

export async function findOrder(tx: Tx, orderId: OrderId): Promise<StoredOrder | null> {
  const [row] = await tx.query<Row>(`${select} where o.order_id = $1`, [orderId])
  return row ? toOrder(row) : null
}

/** Those of these orders that there are. */
export async function findOrders(tx: Tx, orderIds: readonly OrderId[]): Promise<StoredOrder[]> {
  const rows = await tx.query<Row>(`${select} where o.order_id = any($1::uuid[])`, [orderIds])
  return rows.map(toOrder)
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

/** Where a page of orders begins. */
export interface OrderPosition {
  createdAt: string
  orderId: string
}

/**
 * Orders of a buyer or of an event, the newest first, from `after` on: `limit` at most, and no more once they have as many tickets as a
 * single order can have. `more`: there are others after them.
 */
export async function listOrders(
  tx: Tx,
  of: { userId: UserId } | { eventId: EventId },
  limit: number,
  after: OrderPosition | null,
): Promise<{ orders: StoredOrder[]; more: boolean }> {
  const [column, id] = 'userId' in of ? ['user_id', of.userId] : ['event_id', of.eventId]
  const rows = await tx.query<Row & { more: boolean }>(
    `with newest as (
       select o.order_id, row_number() over newest_first as place,
         sum((select coalesce(sum(i.quantity), 0) from order_items i where i.order_id = o.order_id)) over newest_first as tickets
       from orders o where o.${column} = $1 and ($2::timestamptz is null or (o.created_at, o.order_id) < ($2, $3::uuid))
       window newest_first as (order by o.created_at desc, o.order_id desc rows between unbounded preceding and current row)
       order by o.created_at desc, o.order_id desc limit $4 + 1),
     page as (
       select order_id from newest where place <= $4 and (place = 1 or tickets <= $5))
     select listed.*, (select count(*) from newest) > (select count(*) from page) as more
     from (${select} where o.order_id in (select order_id from page)) listed order by created_at desc, order_id desc`,
    [id, after?.createdAt ?? null, after?.orderId ?? null, limit, TICKETS_PER_ORDER_MAX],
  )
  return { orders: rows.map(toOrder), more: rows[0]?.more ?? false }
}

/** Remember that the buyer is answered 202; false where the order is not pending any more. */
export const markDeferred = async (tx: Tx, orderId: OrderId): Promise<boolean> =>
  (await tx.query("update orders set deferred = true where order_id = $1 and status = 'PENDING' returning order_id", [orderId]))
    .length > 0
