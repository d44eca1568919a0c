import type { Sql } from '@boxoffice/service-kit'

export interface TracedReservation {
  readonly reservationId: string
  readonly orderId: string | null
  readonly status: string
  readonly createdAt: Date
  readonly expiresAt: Date
}

/** Returns the reservations that have one of these ids, or are of such an order. */
export const findTracedReservations = (
  sql: Sql,
  ids: readonly string[],
  max: number,
): Promise<TracedReservation[]> =>
  sql.query(
    `select reservation_id as "reservationId", order_id as "orderId", status, created_at as "createdAt",
       expires_at as "expiresAt"
     from reservations where reservation_id = any($1::uuid[]) or order_id = any($1::uuid[])
     order by created_at, reservation_id limit $2`,
    [ids, max],
  )

export interface TracedOutcome {
  readonly orderId: string
  readonly outcome: string
  readonly reason: string | null
  readonly createdAt: Date
}

/** Returns what became of orders. */
export const findTracedOutcomes = (
  sql: Sql,
  orderIds: readonly string[],
  max: number,
): Promise<TracedOutcome[]> =>
  sql.query(
    `select order_id as "orderId", outcome, reason, created_at as "createdAt" from order_outcomes
     where order_id = any($1::uuid[]) order by created_at, order_id limit $2`,
    [orderIds, max],
  )

export interface TracedTicket {
  readonly ticketId: string
  readonly orderId: string
  readonly status: string
  readonly createdAt: Date
  readonly deliveredAt: Date | null
  readonly cancelledAt: Date | null
  readonly cancellationReason: string | null
  readonly stoppedAt: Date | null
  readonly stopReason: string | null
  readonly checkedInAt: Date | null
  /** The request that checked it in. */
  readonly checkInRequestId: string | null
}

/** Returns the tickets that have one of these ids, or are of such an order, each with its check-in. */
export const findTracedTickets = (sql: Sql, ids: readonly string[], max: number): Promise<TracedTicket[]> =>
  sql.query(
    `select t.ticket_id as "ticketId", t.order_id as "orderId", t.status, t.created_at as "createdAt",
       t.delivered_at as "deliveredAt", t.cancelled_at as "cancelledAt",
       t.cancellation_reason as "cancellationReason", t.stopped_at as "stoppedAt",
       t.stop_reason as "stopReason", c.checked_in_at as "checkedInAt", c.request_id as "checkInRequestId"
     from tickets t left join check_ins c on c.ticket_id = t.ticket_id
     where t.ticket_id = any($1::uuid[]) or t.order_id = any($1::uuid[])
     order by t.created_at, t.ticket_id limit $2`,
    [ids, max],
  )

export interface TracedTransfer {
  readonly ticketId: string
  readonly newTicketId: string | null
  readonly status: string
  readonly reason: string | null
  readonly createdAt: Date
  readonly offeredAt: Date | null
  readonly endedAt: Date | null
}

/** Returns the transfers of these tickets, and those that made one of them. */
export const findTracedTransfers = (
  sql: Sql,
  ticketIds: readonly string[],
  max: number,
): Promise<TracedTransfer[]> =>
  sql.query(
    `select ticket_id as "ticketId", new_ticket_id as "newTicketId", status, reason,
       created_at as "createdAt", offered_at as "offeredAt", ended_at as "endedAt"
     from ticket_transfers where ticket_id = any($1::uuid[]) or new_ticket_id = any($1::uuid[])
     order by created_at, transfer_id limit $2`,
    [ticketIds, max],
  )
