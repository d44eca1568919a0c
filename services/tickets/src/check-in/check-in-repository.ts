import type { EventId, OrderId, TicketId, TicketTypeId, UserId } from '@boxoffice/contracts'
import type { Tx } from '@boxoffice/service-kit'
import { doorIsOpen } from '../event-pictures/picture-repository.ts'

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
 * ACTIVE, its code is another by now, the event is cancelled, or its door is closed. Whoever admits tells of it: `version` is the ticket's.
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
): Promise<(StoredCheckIn & { readonly version: number }) | null> {
  const [checkIn] = await tx.query<StoredCheckIn & { version: number }>(
    `with admitted as (
       update tickets set status = 'CHECKED_IN', version = version + 1
       where ticket_id = $1 and event_id = $2 and code_version = $3 and status = 'ACTIVE'
         and exists (select from event_pictures p where p.event_id = $2 and ${doorIsOpen('p')})
       returning ticket_id, event_id, version),
     kept as (
       update ticket_transfers x set status = 'CANCELLED', reason = 'TICKET_USED', ended_at = clock_timestamp()
       from admitted a where x.ticket_id = a.ticket_id and x.status = 'PENDING')
     insert into check_ins (check_in_id, ticket_id, event_id, gate, checked_in_by, request_id, announced)
     select $4, ticket_id, event_id, $5, $6, $7, true from admitted
     returning ${columns}, (select version from admitted) as version`,
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

/** What is told of an admission, and of whose ticket; `version` is the ticket's. */
export interface ToldCheckIn extends Pick<StoredCheckIn, 'ticketId' | 'checkedInAt' | 'gate'> {
  readonly ticketNumber: string
  readonly ticketTypeId: TicketTypeId
  readonly orderId: OrderId
  readonly userId: UserId
  readonly eventId: EventId
  readonly version: number
}

/** Take so many admissions of which nobody was told yet; they must be told of in this transaction. */
export const takeUnannouncedCheckIns = (tx: Tx, limit: number): Promise<ToldCheckIn[]> =>
  tx.query<ToldCheckIn>(
    `with chosen as (
       select check_in_id from check_ins where not announced limit $1 for update skip locked),
     taken as (
       update check_ins c set announced = true from chosen where c.check_in_id = chosen.check_in_id
       returning c.ticket_id, c.checked_in_at, c.gate)
     select ticket_id as "ticketId", taken.checked_in_at as "checkedInAt", taken.gate, t.ticket_number as "ticketNumber",
       t.ticket_type_id as "ticketTypeId", t.order_id as "orderId", t.user_id as "userId", t.event_id as "eventId", t.version
     from taken join tickets t using (ticket_id)`,
    [limit],
  )
