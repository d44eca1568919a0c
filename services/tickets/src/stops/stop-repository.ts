import type { OrderId, StopReason, TicketId } from '@boxoffice/contracts'
import type { Tx } from '@boxoffice/service-kit'
import type { StoredTicket } from '../tickets/ticket.ts'
import { ticketColumns } from '../tickets/ticket-repository.ts'

export interface Stop {
  readonly reason: StopReason
  /** The organizer's words. */
  readonly note: string | null
}

/** Locked in one order, as the door locks them. */
const locked =
  'locked as materialized (select ticket_id from tickets where ticket_id = any($1::uuid[]) order by ticket_id for update)'
const ofLocked = 'ticket_id in (select ticket_id from locked)'

/**
 * Stop tickets: those that were ACTIVE and not stopped before. Who is admitted at the same moment is, or is
 * not: the row's lock decides. The order must be locked.
 */
export const stopTickets = (
  tx: Tx,
  ticketIds: readonly TicketId[],
  { reason, note }: Stop,
): Promise<StoredTicket[]> =>
  tx.query<StoredTicket>(
    `with ${locked}
     update tickets set stopped_at = clock_timestamp(), stop_reason = $2, stop_note = $3, version = version + 1
     where ${ofLocked} and status = 'ACTIVE' and stopped_at is null returning ${ticketColumns}`,
    [ticketIds, reason, note],
  )

/** A ticket that is stopped already is so for another reason from now on; null where it is not. */
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

/**
 * Reinstate tickets: those that were stopped, with `reason` those that were for it. The order must be locked.
 */
export const reinstateTickets = (
  tx: Tx,
  ticketIds: readonly TicketId[],
  reason?: StopReason,
): Promise<StoredTicket[]> =>
  tx.query<StoredTicket>(
    `with ${locked}
     update tickets set stopped_at = null, stop_reason = null, stop_note = null, version = version + 1
     where ${ofLocked} and status = 'ACTIVE' and stopped_at is not null and ($2::text is null or stop_reason = $2)
     returning ${ticketColumns}`,
    [ticketIds, reason ?? null],
  )

/**
 * Every ticket of an order, also those that took the place of others. The order must be locked: then no other
 * comes.
 */
export async function listTicketIdsOfOrder(tx: Tx, orderId: OrderId): Promise<TicketId[]> {
  const rows = await tx.query<{ ticketId: TicketId }>(
    'select ticket_id as "ticketId" from tickets where order_id = $1',
    [orderId],
  )
  return rows.map(({ ticketId }) => ticketId)
}
