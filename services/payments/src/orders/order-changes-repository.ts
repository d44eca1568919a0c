import type { OrderId } from '@boxoffice/contracts'
import { sideBySide, type Tx } from '@boxoffice/service-kit'
import type { OrderChange, StoredOrder } from '../saga/order.ts'
import type { SagaContext } from '../saga/saga.ts'
import { type OrderRow, orderRow, toOrder } from './order-repository.ts'

/**
 * Applies transitions to their orders, one per order, which are locked with their sagas; returns the changed
 * orders. All statements are sent before any is awaited, and before those that the caller sends next.
 */
export async function applyToOrders(
  tx: Tx,
  changes: readonly OrderChange[],
): Promise<Map<OrderId, StoredOrder>> {
  const [rows] = await sideBySide([
    updateOrders(tx, changes),
    insertItems(tx, changes),
    insertTickets(tx, changes),
  ])
  const contexts = new Map(changes.map(({ orderId, context }) => [orderId, context]))
  return new Map(rows.map((row) => [row.orderId, toOrder({ ...row, ...linesOf(contexts.get(row.orderId)) })]))
}

const updateOrders = (tx: Tx, changes: readonly OrderChange[]) =>
  tx.query<Omit<OrderRow, 'items' | 'tickets'>>(
    `update orders o set version = o.version + 1,
       status = coalesce(c.status, o.status), payment_status = coalesce(c.payment_status, o.payment_status),
       event_id = coalesce(c.event_id, o.event_id), total_amount_minor = c.total, currency = c.currency,
       transaction_id = c.transaction_id, refunded_amount_minor = coalesce(c.refunded,
         o.refunded_amount_minor),
       failure_reason = coalesce(c.failure_reason, o.failure_reason),
       refusal_status = coalesce(c.refusal_status, o.refusal_status),
       refusal_code = coalesce(c.refusal_code, o.refusal_code),
       refusal_message = coalesce(c.refusal_message, o.refusal_message),
       refusal_seat_ids = coalesce(c.refusal_seat_ids, o.refusal_seat_ids),
       refusal_reservation_ids = coalesce(c.refusal_reservation_ids, o.refusal_reservation_ids),
       holder_name = coalesce(c.holder_name, o.holder_name),
       completed_at = case when c.completed then clock_timestamp() else o.completed_at end,
       refunded_at = case when c.status = 'REFUNDED' then clock_timestamp() else o.refunded_at end
     from unnest($1::uuid[], $2::jsonb[]) w(order_id, change)
     cross join lateral jsonb_to_record(w.change) c(status text, payment_status text, event_id uuid,
       total bigint, currency text, transaction_id text, refunded bigint,
       failure_reason text, refusal_status integer,
       refusal_code text, refusal_message text, refusal_seat_ids text[], refusal_reservation_ids uuid[],
       holder_name text, completed boolean)
     where o.order_id = w.order_id returning ${orderRow}`,
    [changes.map(({ orderId }) => orderId), changes.map((change) => JSON.stringify(columnsOf(change)))],
  )

/** The columns to set; absent ones stay as they are. */
const columnsOf = ({ context, effects: { order = {} } }: OrderChange) => ({
  status: order.status,
  payment_status: order.paymentStatus,
  event_id: context.eventId,
  total: context.total,
  currency: context.currency,
  transaction_id: context.transactionId,
  refunded: order.refunded,
  failure_reason: order.failure?.reason,
  refusal_status: order.failure?.status,
  refusal_code: order.failure?.code,
  refusal_message: order.failure?.message,
  refusal_seat_ids: order.failure?.seatIds,
  refusal_reservation_ids: order.failure?.reservationIds,
  holder_name: order.holderName,
  completed: order.completed,
})

async function insertItems(tx: Tx, changes: readonly OrderChange[]): Promise<void> {
  const items = changes.flatMap(({ orderId, effects }) =>
    (effects.items ?? []).map((item) => ({ orderId, ...item })),
  )
  if (items.length === 0) return
  await tx.query(
    `insert into order_items (order_id, ticket_type_id, quantity, unit_price_minor, seat_ids)
     select "orderId", "ticketTypeId", quantity, "unitPrice", "seatIds" from jsonb_to_recordset($1::jsonb)
       i("orderId" uuid, "ticketTypeId" uuid, quantity integer, "unitPrice" bigint, "seatIds" text[])`,
    [JSON.stringify(items)],
  )
}

async function insertTickets(tx: Tx, changes: readonly OrderChange[]): Promise<void> {
  const tickets = changes.flatMap(({ orderId, effects }) =>
    (effects.tickets ?? []).map((ticket) => ({ orderId, ...ticket })),
  )
  if (tickets.length === 0) return
  await tx.query(
    `insert into order_tickets (order_id, ticket_id, ticket_number, qr_code, created_at)
     select order_id, ticket_id, ticket_number, qr_code, created_at
     from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[])
       t(order_id, ticket_id, ticket_number, qr_code, created_at)`,
    [
      tickets.map((t) => t.orderId),
      tickets.map((t) => t.ticketId),
      tickets.map((t) => t.ticketNumber),
      tickets.map((t) => t.qrCode),
      tickets.map((t) => t.createdAt ?? null),
    ],
  )
}

const by =
  <T>(keyOf: (thing: T) => string) =>
  (a: T, b: T) =>
    keyOf(a) < keyOf(b) ? -1 : 1

/** The order's lines as read, as its saga knows them. */
const linesOf = ({
  items = [],
  issued = [],
}: Pick<SagaContext, 'items' | 'issued'> = {}): Pick<OrderRow, 'items' | 'tickets'> => ({
  items: items.toSorted(by(({ ticketTypeId }) => ticketTypeId)),
  tickets: issued
    .map(({ ticketId, ticketNumber, qrCode, createdAt = null }) => ({
      ticketId,
      ticketNumber,
      qrCode,
      createdAt,
    }))
    .toSorted(by(({ ticketNumber }) => ticketNumber)),
})
