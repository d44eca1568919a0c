import { type Currency, DOOR_GRACE_HOURS, EVENT_LENGTH_HOURS, type EventId } from '@boxoffice/contracts'
import type { Sql, Tx } from '@boxoffice/service-kit'
import type { EventReplica, EventSnapshot } from './replica.ts'

const columns = `event_id as "eventId", organizer_id as "organizerId", name, event_date as "eventDate",
    end_date as "endDate",
  time_zone as "timeZone", venue_id as "venueId", venue_name as "venueName", venue_address as "venueAddress",
  status, version,
  currency`

/** SQL of `overAt`: when an event is over. */
export const overAtOf = (alias: string) =>
  `coalesce(${alias}.end_date, ${alias}.event_date + interval '${EVENT_LENGTH_HOURS} hours')`

/** SQL: whether an event is neither cancelled nor over, by the database's clock. */
export const stillOpen = (alias: string) =>
  `(${alias}.status = 'PUBLISHED' and ${overAtOf(alias)} > clock_timestamp())`

/** SQL: whether the door of an event still admits, by `doorClosesAt` and the database's clock. */
export const doorIsOpen = (alias: string) =>
  `(${alias}.status in ('PUBLISHED', 'COMPLETED')
     and ${overAtOf(alias)} + interval '${DOOR_GRACE_HOURS} hours' > clock_timestamp())`

export async function findReplica(sql: Sql, eventId: EventId): Promise<EventReplica | null> {
  const [replica] = await sql.query<EventReplica>(
    `select ${columns} from event_pictures where event_id = $1`,
    [eventId],
  )
  return replica ?? null
}

/** A replica and the database's clock. */
export interface ReplicaAsOf {
  readonly replica: EventReplica
  readonly asOf: Date
}

export async function findReplicaAsOf(sql: Sql, eventId: EventId): Promise<ReplicaAsOf | null> {
  const [found] = await listReplicasAsOf(sql, [eventId])
  return found ?? null
}

export async function listReplicasAsOf(sql: Sql, eventIds: readonly EventId[]): Promise<ReplicaAsOf[]> {
  const rows = await sql.query<EventReplica & { asOf: Date }>(
    `select ${columns}, clock_timestamp() as "asOf" from event_pictures where event_id = any($1::uuid[])`,
    [eventIds],
  )
  return rows.map(({ asOf, ...replica }) => ({ replica, asOf }))
}

/** Saves an event's replica unless the stored one is newer. */
export async function saveReplica(sql: Sql, event: EventSnapshot, version: number): Promise<void> {
  await sql.query(
    `insert into event_pictures as p (event_id, organizer_id, name, event_date, end_date, time_zone,
       venue_id, venue_name, venue_address, status, version,
       cancelled_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,
       case when $10 = 'CANCELLED' then clock_timestamp() end)
     on conflict (event_id) do update set
       organizer_id = excluded.organizer_id, name = excluded.name, event_date = excluded.event_date,
       end_date = excluded.end_date, time_zone = excluded.time_zone, venue_id = excluded.venue_id,
       venue_name = excluded.venue_name, venue_address = excluded.venue_address, status = excluded.status,
       version = excluded.version,
       cancelled_at = case when excluded.status = 'CANCELLED'
         then coalesce(p.cancelled_at, excluded.cancelled_at) end
     where p.version < excluded.version`,
    [
      event.eventId,
      event.organizerId,
      event.name,
      event.eventDate,
      event.endDate ?? null,
      event.timeZone,
      event.venueId,
      event.venueName,
      event.venueAddress,
      event.status,
      version,
    ],
  )
}

/** Sets the event's currency if it has none; returns its currency. The replica's row stays locked. */
export async function assignCurrency(tx: Tx, eventId: EventId, currency: Currency): Promise<Currency> {
  await tx.query('select from event_pictures where event_id = $1 for update', [eventId])
  const [row] = await tx.query<{ currency: Currency }>(
    'update event_pictures set currency = coalesce(currency, $2) where event_id = $1 returning currency',
    [eventId, currency],
  )
  if (!row) throw new Error(`event ${eventId} has no replica`)
  return row.currency
}
