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
import type { Sql, Tx } from '@boxoffice/service-kit'

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

export interface OrderRow {
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
  /** Absent where it was not asked for. */
  contact?: NonNullable<Order['contact']>
  items: { ticketTypeId: TicketTypeId; quantity: number; unitPrice: Minor; seatIds?: SeatId[] }[]
  tickets: { ticketId: TicketId; ticketNumber: string; qrCode: string; createdAt: string | null }[]
}

/** Named one by one: a statement with `*` is never prepared. */
export const orderColumns = `o.order_id, o.order_number, o.user_id, o.event_id, o.reservation_id, o.status, o.payment_status,
  o.payment_method, o.holder_name, o.total_amount_minor, o.refunded_amount_minor, o.currency, o.transaction_id, o.failure_reason,
  o.refusal_status, o.refusal_code, o.refusal_message, o.refusal_seat_ids, o.refusal_reservation_ids, o.idempotency_key, o.body_hash,
  o.deferred, o.version, o.created_at, o.completed_at, o.contact_email`
const lines = `coalesce((select jsonb_agg(jsonb_strip_nulls(jsonb_build_object('ticketTypeId', i.ticket_type_id, 'quantity', i.quantity,
    'unitPrice', i.unit_price_minor, 'seatIds', i.seat_ids)) order by i.ticket_type_id) from order_items i where i.order_id = o.order_id), '[]')`
const tickets = `coalesce((select jsonb_agg(jsonb_build_object('ticketId', t.ticket_id, 'ticketNumber', t.ticket_number, 'qrCode', t.qr_code,
    'createdAt', t.created_at)
    order by t.ticket_number) from order_tickets t where t.order_id = o.order_id), '[]')`
const contact = `jsonb_strip_nulls(jsonb_build_object('email', o.contact_email, 'pendingEmail', (select c.email from order_contact_changes c
    where c.order_id = o.order_id and c.confirmed_at is null and c.cancelled_at is null and c.expires_at > clock_timestamp())))`
const select = `select ${orderColumns}, ${contact} as contact, ${lines} as items, ${tickets} as tickets from orders o`

export const toOrder = (row: OrderRow): StoredOrder => ({
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
    tickets: row.tickets.map(({ createdAt, ...ticket }) => ({
      ...ticket,
      ...(createdAt && { createdAt: new Date(createdAt) }),
    })),
  }),
  ...(row.contact && Object.keys(row.contact).length > 0 && { contact: row.contact }),
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

/**
 * New PENDING orders: those whose buyer's key is not bound to another already. Keys are taken in their order,
 * so that nobody waits in a circle.
 */
export async function insertOrders(tx: Tx, orders: readonly NewOrderRow[]): Promise<Set<OrderId>> {
  const rows = await tx.query<{ order_id: OrderId }>(
    `insert into orders (order_id, order_number, user_id, event_id, reservation_id, payment_method, holder_name, idempotency_key, body_hash, deferred)
     select order_id, 'ORD-' || to_char(clock_timestamp() at time zone 'UTC', 'YYYY') || '-' || lpad(nextval('order_number_seq')::text, 6, '0'),
       user_id, event_id, reservation_id, payment_method, holder_name, idempotency_key, body_hash, deferred
     from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::boolean[])
       n(order_id, user_id, event_id, reservation_id, payment_method, holder_name, idempotency_key, body_hash, deferred)
     order by user_id, idempotency_key
     on conflict on constraint orders_idempotency_key_unique do nothing returning order_id`,
    [
      orders.map(({ orderId }) => orderId),
      orders.map(({ userId }) => userId),
      orders.map(({ eventId }) => eventId),
      orders.map(({ reservationId }) => reservationId),
      orders.map(({ paymentMethod }) => paymentMethod),
      orders.map(({ holderName }) => holderName),
      orders.map(({ idempotencyKey }) => idempotencyKey),
      orders.map(({ bodyHash }) => bodyHash),
      orders.map(({ deferred }) => deferred),
    ],
  )
  return new Set(rows.map(({ order_id }) => order_id))
}

export async function findOrder(sql: Sql, orderId: OrderId): Promise<StoredOrder | null> {
  const [row] = await sql.query<OrderRow>(`${select} where o.order_id = $1`, [orderId])
  return row ? toOrder(row) : null
}

/** Those of these orders that there are. */
export async function findOrders(sql: Sql, orderIds: readonly OrderId[]): Promise<StoredOrder[]> {
  const rows = await sql.query<OrderRow>(`${select} where o.order_id = any($1::uuid[])`, [orderIds])
  return rows.map(toOrder)
}

export async function getOrder(sql: Sql, orderId: OrderId): Promise<StoredOrder> {
  const order = await findOrder(sql, orderId)
  if (!order) throw new Error(`there is no order ${orderId}`)
  return order
}

export async function findOrderByKey(sql: Sql, userId: UserId, key: string): Promise<StoredOrder | null> {
  const [row] = await sql.query<OrderRow>(`${select} where o.user_id = $1 and o.idempotency_key = $2`, [
    userId,
    key,
  ])
  return row ? toOrder(row) : null
}

/** Where a page of orders begins. */
export interface OrderPosition {
  createdAt: Date
  orderId: string
}

/**
 * Orders of a buyer or of an event, the newest first, from `after` on: `limit` at most, and no more once they
 * have as many tickets as a single order can have. `more`: there are others after them.
 */
export async function listOrders(
  sql: Sql,
  of: { userId: UserId } | { eventId: EventId },
  limit: number,
  after: OrderPosition | null,
): Promise<{ orders: StoredOrder[]; more: boolean }> {
  const [column, id] = 'userId' in of ? ['user_id', of.userId] : ['event_id', of.eventId]
  const later = after ? 'and (o.created_at, o.order_id) < ($4::timestamptz, $5::uuid)' : ''
  const rows = await sql.query<OrderRow & { fits: boolean }>(
    `select ${orderColumns}, o.fits, ${contact} as contact, ${lines} as items, case when o.fits then ${tickets} else '[]' end as tickets
     from (
       select ${orderColumns}, row_number() over newest_first <= $2::integer
         and (row_number() over newest_first = 1 or sum(held.tickets) over newest_first <= $3::integer) as fits
       from (
         select ${orderColumns} from orders o where o.${column} = $1 ${later}
         order by o.created_at desc, o.order_id desc limit $2::integer + 1) o
       cross join lateral (
         select coalesce(sum(i.quantity), 0) as tickets from order_items i where i.order_id = o.order_id) held
       window newest_first as (order by o.created_at desc, o.order_id desc rows between unbounded preceding and current row)) o
     order by o.created_at desc, o.order_id desc`,
    [id, limit, TICKETS_PER_ORDER_MAX, ...(after ? [after.createdAt, after.orderId] : [])],
  )
  const page = rows.filter(({ fits }) => fits)
  return { orders: page.map(toOrder), more: page.length < rows.length }
}

/** Remember that the buyer is answered 202; false where the order is not pending any more. */
export const markDeferred = async (sql: Sql, orderId: OrderId): Promise<boolean> =>
  (
    await sql.query(
      "update orders set deferred = true where order_id = $1 and status = 'PENDING' returning order_id",
      [orderId],
    )
  ).length > 0
