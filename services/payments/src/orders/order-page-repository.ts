import { type EventId, TICKETS_PER_ORDER_MAX, type UserId } from '@boxoffice/contracts'
import type { Sql } from '@boxoffice/service-kit'
import {
  contact,
  lines,
  type OrderRow,
  orderColumns,
  orderRow,
  type StoredOrder,
  tickets,
  toOrder,
} from './order-repository.ts'

/** Where a page of orders begins. */
export interface OrderPosition {
  createdAt: Date
  orderId: string
}

/**
 * Returns orders of a buyer or an event, newest first, from `after` on: at most `limit`, and no more once
 * they have as many tickets as one order can have. `more`: there are others after them.
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
    `select ${orderRow}, o.fits, ${contact} as contact, ${lines} as items,
       case when o.fits then ${tickets} else '[]' end as tickets
     from (
       select ${orderColumns}, row_number() over newest_first <= $2::integer
         and (row_number() over newest_first = 1
           or sum(held.tickets) over newest_first <= $3::integer) as fits
       from (
         select ${orderColumns} from orders o where o.${column} = $1 ${later}
         order by o.created_at desc, o.order_id desc limit $2::integer + 1) o
       cross join lateral (
         select coalesce(sum(i.quantity), 0) as tickets
         from order_items i where i.order_id = o.order_id) held
       window newest_first as (
         order by o.created_at desc, o.order_id desc rows between unbounded preceding and current row)) o
     order by o.created_at desc, o.order_id desc`,
    [id, limit, TICKETS_PER_ORDER_MAX, ...(after ? [after.createdAt, after.orderId] : [])],
  )
  const page = rows.filter(({ fits }) => fits)
  return { orders: page.map(({ fits: _, ...row }) => toOrder(row)), more: page.length < rows.length }
}
