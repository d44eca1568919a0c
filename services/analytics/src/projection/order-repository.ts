import type { OrderId, TicketId } from '@boxoffice/contracts'
import { type Sql, sideBySide, type Tx } from '@boxoffice/service-kit'
import { orderColumns, refundColumns, ticketColumns } from '../rows.ts'
import type { OrderFacts, OrderReplica, RefundFacts, TicketFacts } from './order-facts.ts'
import { defineTable } from './table-repository.ts'

const orders = defineTable<OrderFacts>({
  name: 'orders',
  key: ['orderId'],
  columns: orderColumns,
})

export const tickets = defineTable<TicketFacts>({
  name: 'tickets',
  key: ['ticketId'],
  columns: ticketColumns,
})

const refunds = defineTable<RefundFacts>({
  name: 'refunds',
  key: ['refundId'],
  columns: refundColumns,
})

/** Returns the tickets of these orders. */
export const listTicketsOf = (
  tx: Tx,
  generation: number,
  orderIds: readonly OrderId[],
): Promise<TicketFacts[]> =>
  tx.query<TicketFacts>(
    `select ${tickets.selected} from tickets where generation = $1 and order_id = any($2)`,
    [generation, orderIds],
  )

/**
 * Returns these tickets and those linked to them by transfers, since facts about one are inherited by the
 * others.
 */
const listLinkedTickets = (
  sql: Sql,
  generation: number,
  ticketIds: readonly TicketId[],
): Promise<TicketFacts[]> =>
  sql.query<TicketFacts>(
    `with recursive linked(ticket_id) as (
       select unnest($2::uuid[])
       union
       select n.ticket_id from linked l cross join lateral (
         select t.next_ticket_id as ticket_id from tickets t
         where t.generation = $1 and t.ticket_id = l.ticket_id and t.next_ticket_id is not null
         union all
         select t.ticket_id from tickets t where t.generation = $1 and t.next_ticket_id = l.ticket_id) n)
     select ${tickets.selected} from tickets where generation = $1
       and ticket_id in (select ticket_id from linked)`,
    [generation, ticketIds],
  )

/**
 * Returns the stored facts of these orders, each locked until the transaction ends, in order of their ids; of
 * their tickets only those with new facts and linked ones, since a large order has thousands. A new order
 * gets a row to lock.
 */
export async function lockOrders(
  sql: Sql,
  generation: number,
  added: readonly OrderReplica[],
): Promise<Map<OrderId, OrderReplica>> {
  const ids = added.map(({ order }) => order.orderId)
  const ticketIds = added.flatMap((replica) => [...replica.tickets.keys()])
  const locking = sql.query<OrderFacts>(
    `insert into orders (generation, order_id, event_id)
     select $1, t.order_id, t.event_id from unnest($2::uuid[], $3::uuid[]) t(order_id, event_id)
     order by t.order_id
     on conflict (generation, order_id) do update set order_id = excluded.order_id
     returning ${orders.selected}`,
    [generation, added.map(({ order }) => order.orderId), added.map(({ order }) => order.eventId)],
  )
  // Separate statements: only the next one sees what was committed while waiting for the lock.
  const [locked, ofTickets, ofRefunds] = await sideBySide([
    locking,
    ticketIds.length > 0 ? listLinkedTickets(sql, generation, ticketIds) : [],
    sql.query<RefundFacts>(
      `select ${refunds.selected} from refunds where generation = $1 and order_id = any($2)`,
      [generation, ids],
    ),
  ])
  const replicas = new Map(
    locked.map((order) => [order.orderId, { order, tickets: new Map(), refunds: new Map() } as const]),
  )
  for (const ticket of ofTickets) replicas.get(ticket.orderId)?.tickets.set(ticket.ticketId, ticket)
  for (const refund of ofRefunds) replicas.get(refund.orderId)?.refunds.set(refund.refundId, refund)
  return replicas
}

/** Returns what differs between two replicas of an order, as in the second. */
export function changesBetween(before: OrderReplica, after: OrderReplica) {
  const isNew = (a: object | undefined, b: object) => JSON.stringify(a) !== JSON.stringify(b)
  return {
    orders: isNew(before.order, after.order) ? [after.order] : [],
    tickets: [...after.tickets.values()].filter((ticket) =>
      isNew(before.tickets.get(ticket.ticketId), ticket),
    ),
    refunds: [...after.refunds.values()].filter((refund) =>
      isNew(before.refunds.get(refund.refundId), refund),
    ),
  }
}
export type OrderChanges = ReturnType<typeof changesBetween>

/** Writes the changes of locked orders. */
export async function putOrders(sql: Sql, generation: number, changes: OrderChanges): Promise<void> {
  await sideBySide([
    orders.put(sql, generation, changes.orders),
    tickets.put(sql, generation, changes.tickets),
    refunds.put(sql, generation, changes.refunds),
  ])
}
