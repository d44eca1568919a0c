import {
  type EventId,
  type FailureReason,
  type Minor,
  type Order,
  type OrderId,
  type PaymentMethod,
  type ReservationId,
  type SeatId,
  type TicketId,
  type TicketTypeId,
  times,
  type UserId,
} from '@boxoffice/contracts'
import type { Sql, Tx } from '@boxoffice/service-kit'
import type { StoredOrder } from '../saga/order.ts'

export type { StoredOrder }

/** A row with the columns of `selectOrders` and `orderRow`. */
export type OrderRow = Omit<
  Required<Order>,
  'items' | 'tickets' | 'contact' | 'failureReason' | 'completedAt'
> &
  Pick<StoredOrder, 'idempotencyKey' | 'bodyHash' | 'deferred' | 'version' | 'transactionId'> & {
    failureReason: FailureReason | null
    completedAt: Date | null
    refusalStatus: 400 | 402 | 404 | 409 | null
    refusalCode: string | null
    refusalMessage: string | null
    refusalSeatIds: SeatId[] | null
    refusalReservationIds: ReservationId[] | null
    /** Absent if it was not read. */
    contact?: NonNullable<Order['contact']>
    items: { ticketTypeId: TicketTypeId; quantity: number; unitPrice: Minor; seatIds?: SeatId[] }[]
    tickets: { ticketId: TicketId; ticketNumber: string; qrCode: string; createdAt: string | null }[]
  }

/** Named one by one: a statement with `*` is never prepared. */
export const orderColumns = `o.order_id, o.order_number, o.user_id, o.event_id, o.reservation_id, o.status,
  o.payment_status, o.payment_method, o.holder_name, o.total_amount_minor, o.refunded_amount_minor,
  o.currency, o.transaction_id, o.failure_reason, o.refusal_status, o.refusal_code, o.refusal_message,
  o.refusal_seat_ids, o.refusal_reservation_ids, o.idempotency_key, o.body_hash, o.deferred, o.version,
  o.created_at, o.completed_at, o.contact_email`
/** The columns of an order as a row names them. */
export const orderRow = `o.order_id as "orderId", o.order_number as "orderNumber", o.user_id as "userId",
  o.event_id as "eventId", o.reservation_id as "reservationId", o.status,
  o.payment_status as "paymentStatus", o.payment_method as "paymentMethod", o.holder_name as "holderName",
  o.total_amount_minor as "totalAmount",
  o.refunded_amount_minor as "refundedAmount", o.currency, o.transaction_id as "transactionId",
  o.failure_reason as "failureReason", o.refusal_status as "refusalStatus", o.refusal_code as "refusalCode",
  o.refusal_message as "refusalMessage", o.refusal_seat_ids as "refusalSeatIds",
  o.refusal_reservation_ids as "refusalReservationIds", o.idempotency_key as "idempotencyKey",
  o.body_hash as "bodyHash", o.deferred, o.version, o.created_at as "createdAt",
  o.completed_at as "completedAt"`
export const lines = `coalesce((select jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
      'ticketTypeId', i.ticket_type_id, 'quantity', i.quantity, 'unitPrice', i.unit_price_minor,
      'seatIds', i.seat_ids)) order by i.ticket_type_id)
    from order_items i where i.order_id = o.order_id), '[]')`
export const tickets = `coalesce((select jsonb_agg(jsonb_build_object(
      'ticketId', t.ticket_id, 'ticketNumber', t.ticket_number, 'qrCode', t.qr_code,
      'createdAt', t.created_at) order by t.ticket_number)
    from order_tickets t where t.order_id = o.order_id), '[]')`
export const contact = `jsonb_strip_nulls(jsonb_build_object('email', o.contact_email, 'pendingEmail', (
    select c.email from order_contact_changes c where c.order_id = o.order_id and c.confirmed_at is null
      and c.cancelled_at is null and c.expires_at > clock_timestamp())))`
const select = `select ${orderRow}, ${contact} as contact, ${lines} as items, ${tickets} as tickets
  from orders o`

/** Maps a row to an order; nulls become absent fields. */
export function toOrder(row: OrderRow): StoredOrder {
  const { refusalStatus, refusalCode, refusalMessage, refusalSeatIds, refusalReservationIds, ...rest } = row
  const { items, tickets, contact, failureReason, completedAt, ...order } = rest
  return {
    ...order,
    items: items.map((item) => ({ ...item, totalPrice: times(item.unitPrice, item.quantity) })),
    ...(tickets.length > 0 && {
      tickets: tickets.map(({ createdAt, ...ticket }) => ({
        ...ticket,
        ...(createdAt && { createdAt: new Date(createdAt) }),
      })),
    }),
    ...(contact && Object.keys(contact).length > 0 && { contact }),
    ...(failureReason && { failureReason }),
    ...(completedAt && { completedAt }),
    refusal: refusalStatus && {
      status: refusalStatus,
      code: refusalCode ?? '',
      message: refusalMessage ?? '',
      ...(refusalSeatIds && { seatIds: refusalSeatIds }),
      ...(refusalReservationIds && { reservationIds: refusalReservationIds }),
    },
  }
}

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
 * Inserts PENDING orders whose buyer's key is not bound to another order. Keys are inserted in a fixed order,
 * to avoid deadlocks.
 */
export async function insertOrders(tx: Tx, orders: readonly NewOrderRow[]): Promise<Set<OrderId>> {
  const rows = await tx.query<{ orderId: OrderId }>(
    `insert into orders (order_id, order_number, user_id, event_id, reservation_id, payment_method,
       holder_name, idempotency_key, body_hash, deferred)
     select order_id, 'ORD-' || to_char(clock_timestamp() at time zone 'UTC', 'YYYY') || '-'
         || lpad(nextval('order_number_seq')::text, 6, '0'),
       user_id, event_id, reservation_id, payment_method, holder_name, idempotency_key, body_hash, deferred
     from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[],
       $8::text[],
         $9::boolean[])
       n(order_id, user_id, event_id, reservation_id, payment_method, holder_name, idempotency_key,
         body_hash, deferred)
     order by user_id, idempotency_key
     on conflict on constraint orders_idempotency_key_unique do nothing returning order_id as "orderId"`,
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
  return new Set(rows.map(({ orderId }) => orderId))
}

export async function findOrder(sql: Sql, orderId: OrderId): Promise<StoredOrder | null> {
  const [row] = await sql.query<OrderRow>(`${select} where o.order_id = $1`, [orderId])
  return row ? toOrder(row) : null
}

/** Returns those of these orders that exist. */
export async function findOrders(sql: Sql, orderIds: readonly OrderId[]): Promise<StoredOrder[]> {
  const rows = await sql.query<OrderRow>(`${select} where o.order_id = any($1::uuid[])`, [orderIds])
  return rows.map(toOrder)
}

export async function getOrder(sql: Sql, orderId: OrderId): Promise<StoredOrder> {
  const order = await findOrder(sql, orderId)
  if (!order) throw new Error(`order ${orderId} does not exist`)
  return order
}

export async function findOrderByKey(sql: Sql, userId: UserId, key: string): Promise<StoredOrder | null> {
  const [row] = await sql.query<OrderRow>(`${select} where o.user_id = $1 and o.idempotency_key = $2`, [
    userId,
    key,
  ])
  return row ? toOrder(row) : null
}

/** Stores that the buyer is answered 202; false if the order is no longer pending. */
export const markDeferred = async (sql: Sql, orderId: OrderId): Promise<boolean> =>
  (
    await sql.query(
      "update orders set deferred = true where order_id = $1 and status = 'PENDING' returning true",
      [orderId],
    )
  ).length > 0
