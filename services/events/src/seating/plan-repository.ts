import type { EventId } from '@boxoffice/contracts'
import type { Db, Tx } from '../database.ts'

/** A stored plan. `zones`: JSON of megabytes, validated when it was stored and passed through since. */
export interface StoredPlan {
  readonly planVersion: number
  readonly seatCount: number
  readonly zones: string
}

/** Finds the current version of an event's plan; null if it has none. */
export async function findPlanVersion(
  db: Db,
  eventId: EventId,
): Promise<{ planVersion: number; frozen: boolean } | null> {
  const row = await db.prisma.seatingPlan.findUnique({ where: { eventId } })
  return row && { planVersion: row.version, frozen: row.frozenAt !== null }
}

/** Finds the current plan of an event; null if it has none. */
export async function findPlan(db: Db, eventId: EventId): Promise<StoredPlan | null> {
  const [plan] = await db.query<StoredPlan>(
    `select v.version as "planVersion", v.seat_count as "seatCount", v.zones::text as zones
     from seating_plans p join seating_plan_versions v using (event_id, version) where event_id = $1::uuid`,
    [eventId],
  )
  return plan ?? null
}

/** Whether the plan of an event has exactly these zones. */
export async function hasZones(tx: Tx, eventId: EventId, zones: string): Promise<boolean> {
  const [plan] = await tx.query<{ same: boolean }>(
    `select v.zones = $2::jsonb as same
     from seating_plans p join seating_plan_versions v using (event_id, version) where event_id = $1::uuid`,
    [eventId, zones],
  )
  return plan?.same === true
}

/** Lists which of these zones the plan of an event lacks. */
export async function listUnknownZones(
  tx: Tx,
  eventId: EventId,
  zoneIds: readonly number[],
): Promise<number[]> {
  if (zoneIds.length === 0) return []
  const unknown = await tx.query<{ zoneId: number }>(
    `select (asked.zone_id #>> '{}')::int as "zoneId"
     from seating_plans p join seating_plan_versions v using (event_id, version),
       jsonb_array_elements($2::jsonb) with ordinality asked(zone_id, place)
     where event_id = $1::uuid and not jsonb_path_query_array(v.zones, '$[*].zoneId') @> asked.zone_id
     order by place`,
    [eventId, JSON.stringify(zoneIds)],
  )
  return unknown.map(({ zoneId }) => zoneId)
}

/**
 * Stores the next version of an unfrozen plan in place of the previous one. The event's row must be locked.
 */
export async function replacePlan(
  tx: Tx,
  plan: StoredPlan & { eventId: EventId; createdAt: Date },
): Promise<void> {
  const { eventId, planVersion: version, seatCount, zones, createdAt } = plan
  await tx.prisma.seatingPlan.upsert({
    where: { eventId },
    create: { eventId, version },
    update: { version },
  })
  await tx.query(
    `insert into seating_plan_versions (event_id, version, seat_count, zones, created_at)
     values ($1::uuid, $2, $3, $4::jsonb, $5::timestamptz) returning version`,
    [eventId, version, seatCount, zones, createdAt],
  )
  await tx.prisma.seatingPlanVersion.deleteMany({ where: { eventId, version: { lt: version } } })
}

/** Freezes a plan; the first time wins. */
export async function freezePlan(tx: Tx, eventId: EventId, frozenAt: Date): Promise<void> {
  await tx.prisma.seatingPlan.updateMany({ where: { eventId, frozenAt: null }, data: { frozenAt } })
}
