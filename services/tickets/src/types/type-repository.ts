import type { EventId, Minor, TicketTypeId } from '@boxoffice/contracts'
import type { Sql, Tx } from '@boxoffice/service-kit'
import type { TicketTypeRow } from '../rows.ts'

/**
 * A ticket type with its counters. `salesEndAt` null: sales end when the event starts. Sales never last
 * beyond the event (`salesEndOf`).
 */
export interface StoredType
  extends Pick<
    TicketTypeRow,
    | 'ticketTypeId'
    | 'eventId'
    | 'name'
    | 'currency'
    | 'salesStartAt'
    | 'salesEndAt'
    | 'maxPerOrder'
    | 'maxPerUser'
  > {
  readonly kind: 'GENERAL' | 'SEATED'
  /** Of a seated type: the zones it sells, sorted; else empty. */
  readonly zoneIds: readonly number[]
  readonly unitPrice: Minor
  readonly capacity: number
  readonly held: number
  readonly sold: number
  /** Increases with every change. */
  readonly version: number
}

const select = `select t.ticket_type_id as "ticketTypeId", t.event_id as "eventId", t.name, t.kind,
  (select coalesce(jsonb_agg(z.zone_id order by z.zone_id), '[]') from seating_zones z
    where z.ticket_type_id = t.ticket_type_id)
    as "zoneIds", t.unit_price_minor as "unitPrice",
  t.currency, t.sales_start_at as "salesStartAt", t.sales_end_at as "salesEndAt",
  t.max_per_order as "maxPerOrder", t.max_per_user as "maxPerUser", c.capacity, c.held, c.sold, t.version
  from ticket_types t join ticket_type_counters c using (ticket_type_id)`

/** Returns the types of an event, in the order in which they were created. */
export const listTypes = (sql: Sql, eventId: EventId): Promise<StoredType[]> =>
  sql.query<StoredType>(
    `${select} where t.event_id = $1 and t.withdrawn_at is null order by t.created_at, t.ticket_type_id`,
    [eventId],
  )

/** Returns those of these types that are on offer. */
export const listTypesById = (tx: Tx, ticketTypeIds: readonly TicketTypeId[]): Promise<StoredType[]> =>
  tx.query<StoredType>(`${select} where t.ticket_type_id = any($1::uuid[]) and t.withdrawn_at is null`, [
    ticketTypeIds,
  ])

/** Returns a type on offer; null if it was withdrawn. */
export async function findType(sql: Sql, ticketTypeId: TicketTypeId): Promise<StoredType | null> {
  const [type] = await sql.query<StoredType>(
    `${select} where t.ticket_type_id = $1 and t.withdrawn_at is null`,
    [ticketTypeId],
  )
  return type ?? null
}

export async function findTypeNames(
  sql: Sql,
  ids: readonly TicketTypeId[],
): Promise<Map<TicketTypeId, string>> {
  const rows = await sql.query<{ id: TicketTypeId; name: string }>(
    'select ticket_type_id as id, name from ticket_types where ticket_type_id = any($1::uuid[])',
    [ids],
  )
  return new Map(rows.map(({ id, name }) => [id, name]))
}

export async function countTypes(sql: Sql, eventId: EventId): Promise<number> {
  const [row] = await sql.query<{ count: number }>(
    'select count(*)::int as count from ticket_types where event_id = $1 and withdrawn_at is null',
    [eventId],
  )
  return row?.count ?? 0
}

/** Inserts a type with nothing held or sold, at version 1; false when its id was used before. */
export async function insertType(
  tx: Tx,
  type: Omit<StoredType, 'held' | 'sold' | 'version'>,
): Promise<boolean> {
  const offered = await tx.query(
    `with offered as (
       insert into ticket_types (ticket_type_id, event_id, name, unit_price_minor, currency,
         sales_start_at, sales_end_at, max_per_order, max_per_user, kind,
         announced)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $11, true)
       on conflict (ticket_type_id) do nothing returning ticket_type_id, event_id)
     insert into ticket_type_counters (ticket_type_id, event_id, capacity)
     select ticket_type_id, event_id, $10 from offered returning ticket_type_id`,
    [
      type.ticketTypeId,
      type.eventId,
      type.name,
      type.unitPrice,
      type.currency,
      type.salesStartAt,
      type.salesEndAt,
      type.maxPerOrder,
      type.maxPerUser,
      type.capacity,
      type.kind,
    ],
  )
  return offered.length > 0
}

/** Updates a locked type and returns it as stored. The caller publishes the change. */
export async function updateType(tx: Tx, type: StoredType): Promise<StoredType> {
  await tx.query(
    `with changed as (
       update ticket_types set name = $2, unit_price_minor = $3, sales_start_at = $4, sales_end_at = $5,
         max_per_order = $6,
         max_per_user = $7, version = version + 1, announced = true
       where ticket_type_id = $1)
     update ticket_type_counters set capacity = $8, updated_at = clock_timestamp() where ticket_type_id = $1`,
    [
      type.ticketTypeId,
      type.name,
      type.unitPrice,
      type.salesStartAt,
      type.salesEndAt,
      type.maxPerOrder,
      type.maxPerUser,
      type.capacity,
    ],
  )
  return { ...type, version: type.version + 1 }
}

/** Returns whether tickets of a type were ever issued. */
export async function wasSold(tx: Tx, { eventId, ticketTypeId }: StoredType): Promise<boolean> {
  const [row] = await tx.query<{ sold: boolean }>(
    'select exists (select from tickets where event_id = $1 and ticket_type_id = $2) as sold',
    [eventId, ticketTypeId],
  )
  return row?.sold === true
}

/**
 * Withdraws a locked type and returns it as stored. Without capacity nothing can be held, even by a caller
 * with a cached offer. The caller publishes the change.
 */
export async function withdrawType(tx: Tx, type: StoredType): Promise<StoredType> {
  await tx.query(
    `with withdrawn as (
       update ticket_types set withdrawn_at = clock_timestamp(), version = version + 1, announced = true
       where ticket_type_id = $1)
     update ticket_type_counters set capacity = 0, updated_at = clock_timestamp() where ticket_type_id = $1`,
    [type.ticketTypeId],
  )
  return { ...type, capacity: 0, version: type.version + 1 }
}

/** What is published about a type. */
export type PublishedType = Pick<
  StoredType,
  'ticketTypeId' | 'eventId' | 'name' | 'kind' | 'unitPrice' | 'currency' | 'capacity' | 'version'
> & { readonly withdrawn: boolean }

/**
 * Takes up to `limit` types whose current state is unpublished; the caller must publish them in this
 * transaction.
 */
export async function takeUnannouncedTypes(tx: Tx, limit: number): Promise<PublishedType[]> {
  const taken = await tx.query<{ id: TicketTypeId }>(
    // Not `for update`, which would block all reservations of these types.
    `with chosen as (
       select ticket_type_id from ticket_types where not announced limit $1 for no key update skip locked)
     update ticket_types t set announced = true from chosen where t.ticket_type_id = chosen.ticket_type_id
     returning t.ticket_type_id as id`,
    [limit],
  )
  if (taken.length === 0) return []
  // A separate statement, so that the capacity read belongs to the version read, even if a change commits in
  // between.
  return tx.query<PublishedType>(
    `select ticket_type_id as "ticketTypeId", t.event_id as "eventId", t.name, t.kind,
       t.unit_price_minor as "unitPrice", t.currency, c.capacity, t.version,
       t.withdrawn_at is not null as withdrawn
     from ticket_types t join ticket_type_counters c using (ticket_type_id)
     where ticket_type_id = any($1::uuid[])`,
    [taken.map(({ id }) => id)],
  )
}
