import type { EventId, TicketId, UserId } from '@boxoffice/contracts'
import type { Tx } from '@boxoffice/service-kit'

/** An admission. */
export interface StoredCheckIn {
  readonly checkInId: string
  readonly ticketId: TicketId
  readonly checkedInAt: Date
  readonly gate: string | null
}

const columns = 'check_in_id as "checkInId", ticket_id as "ticketId", checked_in_at as "checkedInAt", gate'

export async function findCheckIn(tx: Tx, ticketId: TicketId): Promise<StoredCheckIn | null> {
  const [checkIn] = await tx.query<StoredCheckIn>(`select ${columns} from check_ins where ticket_id = $1`, [ticketId])
  return checkIn ?? null
}

/**
 * ACTIVE → CHECKED_IN for the ticket of a code, and nothing waits for another holder any more; null when the ticket is not
 * ACTIVE, or its code is another by now.
 */
export async function admit(
  tx: Tx,
  admission: {
    checkInId: string
    ticketId: TicketId
    eventId: EventId
    codeVersion: number
    gate: string | null
    by: UserId
    requestId: string
  },
): Promise<StoredCheckIn | null> {
  const [checkIn] = await tx.query<StoredCheckIn>(
    `with admitted as (
       update tickets set status = 'CHECKED_IN', version = version + 1
       where ticket_id = $1 and event_id = $2 and code_version = $3 and status = 'ACTIVE' returning ticket_id, event_id),
     kept as (
       update ticket_transfers x set status = 'CANCELLED', reason = 'TICKET_USED', ended_at = clock_timestamp()
       from admitted a where x.ticket_id = a.ticket_id and x.status = 'PENDING')
     insert into check_ins (check_in_id, ticket_id, event_id, gate, checked_in_by, request_id)
     select $4, ticket_id, event_id, $5, $6, $7 from admitted
     returning ${columns}`,
    [
      admission.ticketId,
      admission.eventId,
      admission.codeVersion,
      admission.checkInId,
      admission.gate,
      admission.by,
      admission.requestId,
    ],
  )
  return checkIn ?? null
}
