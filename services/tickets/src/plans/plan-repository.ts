import type { Currency, EventId, Minor, SeatId, TicketTypeId } from '@boxoffice/contracts'
import type { Sql, Tx } from '@boxoffice/service-kit'
import type { PlanSeat } from './plan.ts'

/** A zone of a plan, its number of seats, and the type that sells them. */
export interface Zone {
  readonly zoneId: number
  readonly seatCount: number
  readonly ticketTypeId: TicketTypeId | null
}

/**
 * Inserts a plan with all its seats, unless the event has one already. `plan`: the JSON of a `SeatingPlan`;
 * it can be megabytes and is passed to PostgreSQL as it is.
 */
export const insertPlan = (tx: Tx, eventId: EventId, plan: string): Promise<unknown> =>
  tx.query(
    `with planned as (
       insert into seating_plans (event_id, plan_version, seat_count)
       select $1::uuid, (plan ->> 'planVersion')::int, (plan ->> 'seatCount')::int
       from (select $2::jsonb as plan) given
       on conflict (event_id) do nothing returning event_id),
     zone as materialized (
       select event_id, place, (zone ->> 'zoneId')::int as zone_id, zone ->> 'name' as name,
         zone -> 'rows' as rows
       from planned, jsonb_array_elements($2::jsonb -> 'zones') with ordinality zones(zone, place)),
     zoned as (insert into seating_zones (event_id, zone_id, name) select event_id, zone_id, name from zone)
     insert into seats (event_id, seat_id, seat_index, zone_id, row_label, col_label, accessible)
     select event_id, zone_id || '-' || replace(row_label, '-', '_') || '-' || replace(col_label, '-', '_'),
       row_number() over (order by zone.place, rows.place, seats.place) - 1, zone_id, row_label, col_label,
       coalesce((seat -> 'accessible')::boolean, false)
     from zone, jsonb_array_elements(zone.rows) with ordinality rows(line, place),
       jsonb_array_elements(line -> 'seats') with ordinality seats(seat, place),
       lateral (select line ->> 'rowLabel' as row_label, seat ->> 'colLabel' as col_label) labels`,
    [eventId, plan],
  )

export async function findPlanVersion(sql: Sql, eventId: EventId): Promise<number | null> {
  const [row] = await sql.query<{ planVersion: number }>(
    'select plan_version as "planVersion" from seating_plans where event_id = $1',
    [eventId],
  )
  return row?.planVersion ?? null
}

/** Returns every seat of an event in plan order. */
export const listSeats = (sql: Sql, eventId: EventId): Promise<PlanSeat[]> =>
  sql.query<PlanSeat>(
    `select seat_id as "seatId", seat_index as index, zone_id as "zoneId", row_label as "rowLabel", accessible
     from seats where event_id = $1 order by seat_index`,
    [eventId],
  )

export const listZones = (tx: Tx, eventId: EventId): Promise<Zone[]> =>
  tx.query<Zone>(
    `select z.zone_id as "zoneId", z.ticket_type_id as "ticketTypeId", count(*)::int as "seatCount"
     from seating_zones z join seats s using (event_id, zone_id) where z.event_id = $1
     group by z.event_id, z.zone_id`,
    [eventId],
  )

/** Returns the names of an event's zones, by number. */
export async function findZoneNames(sql: Sql, eventId: EventId): Promise<Map<number, string>> {
  const rows = await sql.query<{ zoneId: number; name: string }>(
    'select zone_id as "zoneId", name from seating_zones where event_id = $1',
    [eventId],
  )
  return new Map(rows.map(({ zoneId, name }) => [zoneId, name]))
}

/**
 * Returns the type that sells a seat, and its current price; null if there is no such seat or no type sells
 * it.
 */
export async function findSeatOffer(
  sql: Sql,
  eventId: EventId,
  seatId: SeatId,
): Promise<{ ticketTypeId: TicketTypeId; unitPrice: Minor; currency: Currency } | null> {
  const [offer] = await sql.query<{ ticketTypeId: TicketTypeId; unitPrice: Minor; currency: Currency }>(
    `select t.ticket_type_id as "ticketTypeId", t.unit_price_minor as "unitPrice", t.currency
     from seats s join seating_zones z using (event_id, zone_id)
     join ticket_types t on t.ticket_type_id = z.ticket_type_id
     where s.event_id = $1 and s.seat_id = $2 and t.withdrawn_at is null`,
    [eventId, seatId],
  )
  return offer ?? null
}

/** Assigns these zones to a type. They must be free, and the event's replica locked. */
export async function assignZones(
  tx: Tx,
  eventId: EventId,
  zoneIds: readonly number[],
  type: TicketTypeId,
): Promise<void> {
  const assigned = await tx.query(
    `update seating_zones set ticket_type_id = $3
     where event_id = $1 and zone_id = any($2::int[]) and ticket_type_id is null returning zone_id`,
    [eventId, zoneIds, type],
  )
  if (assigned.length !== zoneIds.length)
    throw new Error(`zones of event ${eventId} were taken under its lock`)
}

/** Takes the zones of a type off sale. */
export const freeZones = (tx: Tx, type: TicketTypeId) =>
  tx.query('update seating_zones set ticket_type_id = null where ticket_type_id = $1', [type])
