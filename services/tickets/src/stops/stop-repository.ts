import type { OrderId, StopReason, TicketId } from '@boxoffice/contracts'
import type { Tx } from '@boxoffice/service-kit'
import type { StoredTicket } from '../tickets/ticket.ts'
import { ticketColumns } from '../tickets/ticket-repository.ts'

export interface Stop {
  readonly reason: StopReason
  /** The organizer's note. */
  readonly note: string | null
}

/** Locks tickets in the same order as check-in does. */
const locked = `locked as materialized (select ticket_id from tickets
       where ticket_id = any($1::uuid[]) order by ticket_id for update)`
const ofLocked = 'ticket_id in (select ticket_id from locked)'

/**
 * Stops tickets; returns those that were ACTIVE and not stopped before. Against a concurrent check-in, the
 * row's lock decides. The order must be locked.
 */
export const stopTickets = (
  tx: Tx,
  ticketIds: readonly TicketId[],
  { reason, note }: Stop,
): Promise<StoredTicket[]> =>
  tx.query<StoredTicket>(
    `with ${locked}
     update tickets set stopped_at = clock_timestamp(), stop_reason = $2, stop_note = $3,
       version = version + 1
     where ${ofLocked} and status = 'ACTIVE' and stopped_at is null returning ${ticketColumns}`,
    [ticketIds, reason, note],
  )

/** Changes the reason of a stopped ticket; null if it is not stopped. */
export async function restop(
  tx: Tx,
  ticketId: TicketId,
  { reason, note }: Stop,
): Promise<StoredTicket | null> {
  const [ticket] = await tx.query<StoredTicket>(
    `update tickets set stop_reason = $2, stop_note = $3
     where ticket_id = $1 and status = 'ACTIVE' and stopped_at is not null returning ${ticketColumns}`,
    [ticketId, reason, note],
  )
  return ticket ?? null
}

/** Reinstates stopped tickets; with `reason`, only those stopped for it. The order must be locked. */
export const reinstateTickets = (
  tx: Tx,
  ticketIds: readonly TicketId[],
  reason?: StopReason,
): Promise<StoredTicket[]> =>
  tx.query<StoredTicket>(
    `with ${locked}
     update tickets set stopped_at = null, stop_reason = null, stop_note = null, version = version + 1
     where ${ofLocked} and status = 'ACTIVE' and stopped_at is not null
       and ($2::text is null or stop_reason = $2)
     returning ${ticketColumns}`,
    [ticketIds, reason ?? null],
  )

/**
 * Returns the ids of all tickets of an order, replacements by transfer included. The order must be locked, so
 * that no ticket is added.
 */
export async function listTicketIdsOfOrder(tx: Tx, orderId: OrderId): Promise<TicketId[]> {
  const rows = await tx.query<{ ticketId: TicketId }>(
    'select ticket_id as "ticketId" from tickets where order_id = $1',
    [orderId],
  )
  return rows.map(({ ticketId }) => ticketId)
}
