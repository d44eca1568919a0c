import { isDeepStrictEqual } from 'node:util'
import { type EventId, type SeatingPlan, seatCountOf, type UserId, type Zones } from '@boxoffice/contracts'
import { objectionToEditor } from '../catalog/event.ts'
import { findEvent, lockEvent } from '../catalog/event-repository.ts'
import type { Dependencies } from '../dependencies.ts'
import { findPlan, freezePlan, insertPlanVersion } from './plan-repository.ts'

export type Put = { put: true; plan: SeatingPlan } | { put: false; why: 'NOT_FOUND' | 'NOT_YOURS' | 'NOT_EDITABLE' | 'IN_USE' }

/**
 * Give an event its seats: a new version where they are others than before, otherwise nothing. Puts of one event go one after
 * the other; a plan of which tickets have been made is not changed any more.
 */
export const putPlan = (deps: Dependencies, eventId: EventId, userId: UserId, zones: Zones): Promise<Put> =>
  deps.prisma.$transaction(async (tx): Promise<Put> => {
    await lockEvent(tx, eventId)
    const event = await findEvent(tx, eventId)
    const why = objectionToEditor(event, userId)
    if (!event || why) return { put: false, why: why ?? 'NOT_FOUND' }
    const existing = await findPlan(tx, eventId)
    if (existing && isDeepStrictEqual(existing.plan.zones, zones)) return { put: true, plan: existing.plan }
    if (existing?.frozen) return { put: false, why: 'IN_USE' }
    if (event.status === 'CANCELLED' || event.status === 'COMPLETED') return { put: false, why: 'NOT_EDITABLE' }
    const planVersion = (existing?.plan.planVersion ?? 0) + 1
    const plan: SeatingPlan = { eventId, planVersion, seatCount: seatCountOf(zones), zones }
    await insertPlanVersion(tx, { ...plan, createdAt: deps.now() })
    return { put: true, plan }
  })

/** The plan, which does not change any more from now on; null where there is none. */
export const takePlan = (deps: Dependencies, eventId: EventId): Promise<SeatingPlan | null> =>
  deps.prisma.$transaction(async (tx) => {
    await lockEvent(tx, eventId)
    if (!(await freezePlan(tx, eventId, deps.now()))) return null
    return (await findPlan(tx, eventId))?.plan ?? null
  })
