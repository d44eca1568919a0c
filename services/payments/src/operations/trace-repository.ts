import type { Sql } from '@boxoffice/service-kit'

/** An order, with the gateway's id of its charge. */
export interface TracedOrder {
  readonly orderId: string
  readonly transactionId: string | null
  readonly ticketIds: readonly string[]
}

/**
 * Returns the orders that have one of these ids, or a ticket with one; at most `max`, each with so many
 * tickets.
 */
export const findTracedOrders = (
  sql: Sql,
  ids: readonly string[],
  { max, ticketsMax }: { max: number; ticketsMax: number },
): Promise<TracedOrder[]> =>
  sql.query(
    `select o.order_id as "orderId", o.transaction_id as "transactionId",
       array(select t.ticket_id from order_tickets t where t.order_id = o.order_id
         order by t.ticket_id limit $3) as "ticketIds"
     from orders o where o.order_id in (
       select unnest($1::uuid[])
       union select t.order_id from order_tickets t where t.ticket_id = any($1::uuid[]))
     order by o.created_at, o.order_id limit $2`,
    [ids, max, ticketsMax],
  )

export interface JournalLine {
  readonly orderId: string
  readonly at: Date
  readonly step: string
  readonly result: string | null
  readonly state: string
}

/** Returns the journals of orders, the oldest events first, at most `max`. */
export const listJournals = (sql: Sql, orderIds: readonly string[], max: number): Promise<JournalLine[]> =>
  sql.query(
    `select order_id as "orderId", at, step, result, state from saga_events
     where order_id = any($1::uuid[]) order by at, order_id, seq limit $2`,
    [orderIds, max],
  )

export interface TracedWebhook {
  readonly type: string
  /** The order's id, or the charge's where the gateway names that. */
  readonly subject: string
  readonly receivedAt: Date
  readonly processedAt: Date | null
  readonly outcome: string | null
  readonly attempts: number
}

/** The expression of the index. */
const subject = `coalesce(body #>> '{data,object,metadata,orderId}', body #>> '{data,object,payment_intent}')`

/** Returns the gateway's events about these orders and charges, the oldest first, at most `max`. */
export const findWebhooks = (sql: Sql, subjects: readonly string[], max: number): Promise<TracedWebhook[]> =>
  sql.query(
    `select type, ${subject} as subject, received_at as "receivedAt", processed_at as "processedAt", outcome,
       attempts
     from webhook_events where ${subject} = any($1::text[]) order by received_at, webhook_event_id limit $2`,
    [subjects, max],
  )
