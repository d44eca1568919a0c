import type { OrderId, RefundId, SeatId, TicketId, UserId } from '@boxoffice/contracts'
import type { Sql, Tx } from '@boxoffice/service-kit'
import type { EventReplica } from '../event-replicas/replica.ts'
import { stillOpen } from '../event-replicas/replica-repository.ts'
import type { StoredTicket } from './ticket.ts'

/** SQL: the columns of a stored ticket, qualified by the table's own name. */
export const ticketColumns = `ticket_id as "ticketId", ticket_number as "ticketNumber", order_id as "orderId",
  ticket_type_id as "ticketTypeId", event_id as "eventId", user_id as "userId", holder_name as "holderName",
  unit_price_minor as "unitPrice", currency, status, code_version as "codeVersion", version,
  created_at as "createdAt", root_ticket_id as "rootTicketId", refund_id as "refundId",
  stopped_at as "stoppedAt", stop_reason as "stopReason", stop_note as "stopNote",
  case when zone_id is not null
    then jsonb_build_object('zoneId', zone_id, 'rowLabel', row_label, 'colLabel', col_label) end as seat,
  (select x.transfer_id from ticket_transfers x join event_pictures p using (event_id)
   where x.ticket_id = tickets.ticket_id and x.status = 'PENDING' and ${stillOpen('p')}) as "transferId"`

/** SQL: a ticket number made of the sequence's next value. */
const ticketNumber = (
  value: string,
) => `'TKT-' || to_char(clock_timestamp() at time zone 'utc', 'YYYY') || '-'
  || case when ${value} < 1000000 then lpad(${value}::text, 6, '0') else ${value}::text end`

export async function findTicket(sql: Sql, ticketId: TicketId): Promise<StoredTicket | null> {
  const [ticket] = await listTickets(sql, [ticketId])
  return ticket ?? null
}

export const listTickets = (sql: Sql, ticketIds: readonly TicketId[]): Promise<StoredTicket[]> =>
  sql.query<StoredTicket>(`select ${ticketColumns} from tickets where ticket_id = any($1::uuid[])`, [
    ticketIds,
  ])

/** Returns a ticket, locked until the transaction ends. */
export async function lockTicket(tx: Tx, ticketId: TicketId): Promise<StoredTicket | null> {
  const [ticket] = await tx.query<StoredTicket>(
    `select ${ticketColumns} from tickets where ticket_id = $1 for update`,
    [ticketId],
  )
  return ticket ?? null
}

/** Returns an order's tickets as issued, by type and ordinal. */
export const listTicketsOfOrder = (sql: Sql, orderId: OrderId): Promise<StoredTicket[]> =>
  sql.query<StoredTicket>(
    `select ${ticketColumns} from tickets where order_id = $1 and ticket_id = root_ticket_id
     order by ticket_type_id, ordinal`,
    [orderId],
  )

/**
 * Returns the valid tickets of several orders that their buyers hold, with everything printed on them, in one
 * statement: as issued, or transferred back.
 */
export async function listPrintedOfOrders(sql: Sql, orderIds: readonly OrderId[]): Promise<Printed[]> {
  const rows = await sql.query<StoredTicket & Omit<Printed, 'ticket'>>(
    `select ${ticketColumns},
       (select y.name from ticket_types y where y.ticket_type_id = tickets.ticket_type_id) as "typeName",
       (select z.name from seating_zones z
         where z.event_id = tickets.event_id and z.zone_id = tickets.zone_id) as "zoneName",
       (select jsonb_build_object('eventId', p.event_id, 'name', p.name, 'eventDate', p.event_date,
         'timeZone', p.time_zone,
          'venueName', p.venue_name, 'venueAddress', p.venue_address, 'status', p.status)
        from event_pictures p where p.event_id = tickets.event_id) as event
     from tickets
     where order_id = any($1::uuid[]) and status in ('ACTIVE', 'CHECKED_IN') and stopped_at is null
       and user_id = (select issued.user_id from tickets issued
         where issued.ticket_id = tickets.root_ticket_id)
     order by ticket_type_id, ordinal`,
    [orderIds],
  )
  return rows.map(({ typeName, zoneName, event, ...ticket }) => {
    if (typeName === null || event === null)
      throw new Error(`ticket ${ticket.ticketId} has an unknown type or event`)
    return { ticket, typeName, zoneName, event: { ...event, eventDate: new Date(event.eventDate) } }
  })
}

export interface Printed {
  readonly ticket: StoredTicket
  readonly typeName: string
  readonly zoneName: string | null
  readonly event: Pick<
    EventReplica,
    'eventId' | 'name' | 'eventDate' | 'timeZone' | 'venueName' | 'venueAddress' | 'status'
  >
}

/** Returns all tickets of an order, replacements by transfer included, locked until the transaction ends. */
export const lockTicketsOfOrder = (tx: Tx, orderId: OrderId): Promise<StoredTicket[]> =>
  tx.query<StoredTicket>(
    `select ${ticketColumns} from tickets where order_id = $1 order by ticket_type_id, ordinal, ticket_id
     for update`,
    [orderId],
  )

/** Returns a user's tickets, newest first, from a position on. */
export const listTicketsOfUser = (
  sql: Sql,
  userId: UserId,
  limit: number,
  after: { createdAt: Date; ticketId: string } | null,
): Promise<StoredTicket[]> =>
  sql.query<StoredTicket>(
    `select ${ticketColumns} from tickets
     where user_id = $1 and ($3::timestamptz is null or (created_at, ticket_id) < ($3, $4::uuid))
     order by created_at desc, ticket_id desc limit $2`,
    [userId, limit, after?.createdAt ?? null, after?.ticketId ?? null],
  )

/** A ticket to be inserted; `ordinal` numbers the tickets of one order and type. */
export type NewTicket = Pick<
  StoredTicket,
  'ticketId' | 'orderId' | 'ticketTypeId' | 'eventId' | 'userId' | 'holderName' | 'unitPrice' | 'currency'
> & { readonly ordinal: number; readonly seatId: SeatId | null }

/**
 * Inserts tickets, numbered from the sequence in their order; returns them in the order of
 * `listTicketsOfOrder`.
 */
export async function insertTickets(tx: Tx, tickets: readonly NewTicket[]): Promise<StoredTicket[]> {
  const written = await tx.query<StoredTicket & { ordinal: number }>(
    `insert into tickets (ticket_id, root_ticket_id, ticket_number, order_id, ticket_type_id,
       event_id, ordinal, user_id, holder_name, unit_price_minor, currency, zone_id, row_label,
       col_label)
     select i."ticketId", i."ticketId", ${ticketNumber('i.number')}, i."orderId", i."ticketTypeId",
       i."eventId", i.ordinal, i."userId", i."holderName", i."unitPrice", i.currency, s.zone_id, s.row_label,
       s.col_label
     from (select n.*, nextval('ticket_numbers') as number
           from jsonb_to_recordset($1::jsonb) n("ticketId" uuid, "orderId" uuid, "ticketTypeId" uuid,
             "eventId" uuid, ordinal integer,
             "userId" uuid, "holderName" text, "unitPrice" bigint, currency text, "seatId" text)) i
       left join seats s on s.event_id = i."eventId" and s.seat_id = i."seatId"
     returning ${ticketColumns}, ordinal`,
    [JSON.stringify(tickets)],
  )
  return written
    .toSorted((a, b) =>
      a.ticketTypeId === b.ticketTypeId ? a.ordinal - b.ordinal : a.ticketTypeId < b.ticketTypeId ? -1 : 1,
    )
    .map(({ ordinal: _, ...ticket }) => ticket)
}

/**
 * Moves a locked ticket from ACTIVE to TRANSFERRED and inserts a ticket of this user in its place. The order
 * must be locked too.
 */
export async function replaceTicket(
  tx: Tx,
  ticketId: TicketId,
  successor: { ticketId: TicketId; userId: UserId; holderName: string },
): Promise<{ version: number }> {
  // First, since a seat, and an issued ticket, has one valid ticket at a time.
  const [replaced] = await tx.query<{ version: number }>(
    `update tickets set status = 'TRANSFERRED', version = version + 1
     where ticket_id = $1 and status = 'ACTIVE' returning version`,
    [ticketId],
  )
  if (!replaced) throw new Error(`ticket ${ticketId} is not ACTIVE`)
  await tx.query(
    `insert into tickets (ticket_id, root_ticket_id, ticket_number, order_id, ticket_type_id,
       event_id, ordinal, user_id, holder_name, unit_price_minor, currency, zone_id, row_label,
       col_label)
     select $2, t.root_ticket_id, ${ticketNumber('n.number')}, t.order_id, t.ticket_type_id, t.event_id,
       t.ordinal, $3, $4, t.unit_price_minor, t.currency, t.zone_id, t.row_label, t.col_label
     from (select nextval('ticket_numbers') as number) n, tickets t where t.ticket_id = $1`,
    [ticketId, successor.ticketId, successor.userId, successor.holderName],
  )
  return replaced
}

/** Cancels locked tickets that are ACTIVE; their codes no longer admit. */
export const cancelTickets = (
  tx: Tx,
  ticketIds: readonly TicketId[],
  reason: string,
): Promise<StoredTicket[]> =>
  tx.query<StoredTicket>(
    `update tickets set status = 'CANCELLED', cancellation_reason = $2, cancelled_at = clock_timestamp(),
       version = version + 1
     where ticket_id = any($1::uuid[]) and status = 'ACTIVE' returning ${ticketColumns}`,
    [ticketIds, reason],
  )

/** Stores the refund of tickets; takes their ids as originally issued. */
export const markRefunded = (tx: Tx, ticketIds: readonly TicketId[], refundId: RefundId) =>
  tx.query('update tickets set refund_id = $2 where ticket_id = any($1::uuid[]) and refund_id is null', [
    ticketIds,
    refundId,
  ])
