import type { QueueName } from '@boxoffice/contracts'
import type { Sql } from '@boxoffice/service-kit'

/** A message that this service wrote; of its body only ids. */
export interface WrittenMessage {
  readonly messageId: string
  readonly topic: string
  readonly eventType: string
  readonly correlationId: string | null
  readonly orderId: string | null
  readonly ticketIds: readonly string[]
  readonly createdAt: Date
  readonly publishedAt: Date | null
  readonly attempts: number
  /** It is in the archive too: this time it is published again. */
  readonly isAgain: boolean
}

const columns = (ticketsMax: string) => `message_id as "messageId", topic, event_type as "eventType",
  body->>'correlationId' as "correlationId",
  coalesce(body #>> '{payload,orderId}', body #>> '{payload,detail,orderId}') as "orderId",
  array(
    select ticket_id from (
      select body #>> '{payload,ticketId}' union all select body #>> '{payload,newTicketId}'
      union all select jsonb_path_query(body, '$.payload.ticketIds[*]') #>> '{}'
      union all select jsonb_path_query(body, '$.payload.tickets[*].ticketId') #>> '{}') named(ticket_id)
    where ticket_id is not null limit ${ticketsMax}) as "ticketIds",
  created_at as "createdAt", published_at as "publishedAt"`
/** In the words of the archive's indexes. The outbox is small and is read as a whole. */
const matches = `message_id = any($1::uuid[]) or body->>'correlationId' = any($2::text[])
  or (body #>> '{payload,orderId}' is not null and body #>> '{payload,orderId}' = any($2::text[]))`

/**
 * Returns the messages that have one of these ids, or name it as their correlation or order, or in the outbox
 * as their ticket: at most `max`, the oldest first, each with at most `ticketsMax` tickets. `ids`: UUIDs in
 * lower case.
 */
export const findWritten = (
  sql: Sql,
  ids: readonly string[],
  { max, ticketsMax }: { max: number; ticketsMax: number },
): Promise<WrittenMessage[]> =>
  sql.query(
    `select * from (
       select ${columns('$4')}, attempts,
         exists (select from message_archive a
           where a.message_id = o.message_id and a.topic = o.topic) as "isAgain"
       from outbox o where ${matches} or body #>> '{payload,ticketId}' = any($2::text[])
       union all
       select ${columns('$4')}, 0, false from message_archive where ${matches}) written
     order by "createdAt", "messageId", topic limit $3`,
    [ids, ids, max, ticketsMax],
  )

export interface HandledMessage {
  readonly messageId: string
  readonly eventType: string
  readonly queue: string
  readonly receivedAt: Date
}

/** Returns what the consumers of these queues handled of these messages, the oldest first, at most `max`. */
export const findHandled = (
  sql: Sql,
  messageIds: readonly string[],
  queues: readonly QueueName[],
  max: number,
): Promise<HandledMessage[]> =>
  sql.query(
    `select message_id as "messageId", event_type as "eventType", consumer as queue,
       received_at as "receivedAt"
     from inbox where consumer = any($1::text[]) and message_id = any($2::uuid[])
     order by received_at, message_id, consumer limit $3`,
    [queues, messageIds, max],
  )
