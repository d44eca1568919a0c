import type { EventId, SeatingPlan, Zones } from '@boxoffice/contracts'
import type { Db } from '../catalog/event-repository.ts'
import type { Prisma } from '../generated/prisma/client.ts'

export interface StoredPlan {
  plan: SeatingPlan
  frozen: boolean
}

/** Which version of an event's plan stands; null where it has none. */
export async function findPlanVersion(db: Db, eventId: EventId): Promise<{ planVersion: number; frozen: boolean } | null> {
  const row = await db.seatingPlan.findUnique({ where: { eventId } })
  return row && { planVersion: row.version, frozen: row.frozenAt !== null }
}

/** The plan of an event as it is now; null where it has none. */
export async function findPlan(db: Db, eventId: EventId): Promise<StoredPlan | null> {
  const row = await db.seatingPlan.findUnique({
    where: { eventId },
    include: { versions: { orderBy: { version: 'desc' }, take: 1 } },
  })
  const current = row?.versions[0]
  if (!current) return null
  const { version: planVersion, seatCount } = current
  const zones = current.zones as Zones // held to the contract when it was put; it has up to 20,000 seats
  return { plan: { eventId, planVersion, seatCount, zones }, frozen: row.frozenAt !== null }
}

/** Keep the next version of a plan that is not frozen, in the place of the one before. The event's row must be locked. */
export async function replacePlan(
  db: Db,
  plan: { eventId: EventId; planVersion: number; seatCount: number; zones: Zones; createdAt: Date },
): Promise<void> {
  const { eventId, planVersion: version, seatCount, createdAt } = plan
  await db.seatingPlan.upsert({ where: { eventId }, create: { eventId, version }, update: { version } })
  const zones = plan.zones as Prisma.InputJsonArray
  await db.seatingPlanVersion.create({ data: { eventId, version, seatCount, zones, createdAt } })
  await db.seatingPlanVersion.deleteMany({ where: { eventId, version: { lt: version } } })
}

/** From now on the plan stays as it is. Of two that freeze it the first one's time stands. */
export async function freezePlan(db: Db, eventId: EventId, frozenAt: Date): Promise<void> {
  await db.seatingPlan.updateMany({ where: { eventId, frozenAt: null }, data: { frozenAt } })
}
