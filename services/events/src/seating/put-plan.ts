import type { EventId, UserId } from '@boxoffice/contracts'
import { objectionToEditor } from '../catalog/event.ts'
import { findEvent, lockEvent } from '../catalog/event-repository.ts'
import type { Database } from '../database.ts'
import {
  findPlan,
  findPlanVersion,
  freezePlan,
  hasZones,
  listUnknownZones,
  replacePlan,
  type StoredPlan,
} from './plan-repository.ts'

export interface PutPlanDeps {
  db: Database
  now: () => Date
}

export type Put =
  | { put: true; plan: StoredPlan }
  | { put: false; why: 'NOT_FOUND' | 'NOT_YOURS' | 'NOT_EDITABLE' | 'IN_USE' }

/**
 * Stores an event's seating plan as a new version, unless it is unchanged. Requests for one event are
 * serialized; a plan with issued tickets cannot be changed.
 */
export const putPlan = (
  deps: PutPlanDeps,
  eventId: EventId,
  userId: UserId,
  { zones, seatCount }: Pick<StoredPlan, 'zones' | 'seatCount'>,
): Promise<Put> =>
  deps.db.transact(async (tx): Promise<Put> => {
    await lockEvent(tx, eventId)
    const event = await findEvent(tx, eventId)
    const why = objectionToEditor(event, userId)
    if (!event || why) return { put: false, why: why ?? 'NOT_FOUND' }
    const standing = await findPlanVersion(tx, eventId)
    const planVersion = standing?.planVersion ?? 0
    if (standing && (await hasZones(tx, eventId, zones)))
      return { put: true, plan: { planVersion, seatCount, zones } }
    if (standing?.frozen) return { put: false, why: 'IN_USE' }
    if (event.status === 'CANCELLED' || event.status === 'COMPLETED')
      return { put: false, why: 'NOT_EDITABLE' }
    const plan = { planVersion: planVersion + 1, seatCount, zones }
    await replacePlan(tx, { ...plan, eventId, createdAt: deps.now() })
    return { put: true, plan }
  })

export type Taken = { taken: true; plan: StoredPlan } | { taken: false; unknownZones: number[] } | null

/**
 * Freezes and returns a plan; null if there is none. If it lacks any of `zoneIds`, for which tickets will be
 * issued, it stays unfrozen.
 */
export const takePlan = (deps: PutPlanDeps, eventId: EventId, zoneIds: readonly number[]): Promise<Taken> =>
  deps.db.transact(async (tx): Promise<Taken> => {
    await lockEvent(tx, eventId)
    const plan = await findPlan(tx, eventId)
    if (!plan) return null
    const unknownZones = await listUnknownZones(tx, eventId, zoneIds)
    if (unknownZones.length > 0) return { taken: false, unknownZones }
    await freezePlan(tx, eventId, deps.now())
    return { taken: true, plan }
  })
