import type { EventId, OrderId, TicketId, TicketTypeId, UserId } from '@boxoffice/contracts'
import type { MessageOrigin } from '@boxoffice/messaging'
import type { Sql, Tx } from '@boxoffice/service-kit'
import { doorIsOpen } from '../event-replicas/replica-repository.ts'
import type { CheckInRow } from '../rows.ts'

/** An admission. */
export interface StoredCheckIn extends Pick<CheckInRow, 'checkInId' | 'ticketId' | 'checkedInAt' | 'gate'> {}

const columns = 'check_in_id as "checkInId", ticket_id as "ticketId", checked_in_at as "checkedInAt", gate'

export async function findCheckIn(sql: Sql, ticketId: TicketId): Promise<StoredCheckIn | null> {
  const [checkIn] = await sql.query<StoredCheckIn>(`select ${columns} from check_ins where ticket_id = $1`, [
    ticketId,
  ])
  return checkIn ?? null
}

/** A code to admit, with its ticket as it was read. */
export interface Admission {
  readonly checkInId: string
  readonly ticketId: TicketId
  readonly eventId: EventId
  readonly codeVersion: number
  readonly gate: string | null
  readonly by: UserId
  readonly requestId: string
}

/**
 * Moves the tickets of codes from ACTIVE to CHECKED_IN and ends their pending transfers. Leaves out tickets
 * that are not ACTIVE or are stopped, whose code has changed, whose event is cancelled, or whose door has
 * closed. The caller publishes the admissions; `version` is the ticket's. Tickets must be distinct.
 */
export const admitAll = (
  tx: Tx,
  admissions: readonly Admission[],
): Promise<(StoredCheckIn & { readonly version: number })[]> =>
  tx.query<StoredCheckIn & { version: number }>(
    // Locked in a fixed order, so that no two doors deadlock.
    `with shown as (
       select * from unnest($1::uuid[], $2::uuid[], $3::int[], $4::uuid[], $5::text[], $6::uuid[], $7::text[])
         s(ticket_id, event_id, code_version, check_in_id, gate, checked_in_by, request_id)),
     locked as materialized (
       select ticket_id from tickets where ticket_id = any($1::uuid[]) order by ticket_id for update),
     admitted as (
       update tickets t set status = 'CHECKED_IN', version = t.version + 1
       from shown s join locked using (ticket_id)
       where t.ticket_id = s.ticket_id and t.event_id = s.event_id and t.code_version = s.code_version
         and t.status = 'ACTIVE'
         and t.stopped_at is null
         and exists (select from event_pictures p where p.event_id = s.event_id and ${doorIsOpen('p')})
       returning t.ticket_id, t.event_id, t.version, s.check_in_id, s.gate, s.checked_in_by, s.request_id),
     kept as (
       update ticket_transfers x set status = 'CANCELLED', reason = 'TICKET_USED',
         ended_at = clock_timestamp()
       from admitted a where x.ticket_id = a.ticket_id and x.status = 'PENDING'),
     written as (
       insert into check_ins (check_in_id, ticket_id, event_id, gate, checked_in_by, request_id, announced)
       select check_in_id, ticket_id, event_id, gate, checked_in_by, request_id, true from admitted
       returning ${columns})
     select "checkInId", "ticketId", "checkedInAt", written.gate, a.version from written
     join admitted a on a.ticket_id = written."ticketId"`,
    [
      admissions.map(({ ticketId }) => ticketId),
      admissions.map(({ eventId }) => eventId),
      admissions.map(({ codeVersion }) => codeVersion),
      admissions.map(({ checkInId }) => checkInId),
      admissions.map(({ gate }) => gate),
      admissions.map(({ by }) => by),
      admissions.map(({ requestId }) => requestId),
    ],
  )

/** What is published about an admission and its ticket; `version` is the ticket's. */
export interface PublishedCheckIn extends Pick<StoredCheckIn, 'ticketId' | 'checkedInAt' | 'gate'> {
  readonly ticketNumber: string
  readonly ticketTypeId: TicketTypeId
  readonly orderId: OrderId
  readonly userId: UserId
  readonly eventId: EventId
  readonly version: number
  /** The request that admitted it, where several are published together. */
  readonly origin?: MessageOrigin
}

/** Takes up to `limit` unpublished admissions; the caller must publish them in this transaction. */
export const takeUnannouncedCheckIns = (tx: Tx, limit: number): Promise<PublishedCheckIn[]> =>
  tx.query<PublishedCheckIn>(
    `with chosen as (
       select check_in_id from check_ins where not announced limit $1 for update skip locked),
     taken as (
       update check_ins c set announced = true from chosen where c.check_in_id = chosen.check_in_id
       returning c.ticket_id, c.checked_in_at, c.gate)
     select ticket_id as "ticketId", taken.checked_in_at as "checkedInAt", taken.gate,
       t.ticket_number as "ticketNumber", t.ticket_type_id as "ticketTypeId", t.order_id as "orderId",
       t.user_id as "userId", t.event_id as "eventId", t.version
     from taken join tickets t using (ticket_id)`,
    [limit],
  )
