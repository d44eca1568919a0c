import { isDeepStrictEqual } from 'node:util'
import { type EventId, type SeatingPlan, seatCountOf, type UserId, type Zones } from '@boxoffice/contracts'
import { objectionToEditor } from '../catalog/event.ts'
import { findEvent, lockEvent } from '../catalog/event-repository.ts'
import type { Dependencies } from '../dependencies.ts'
import { findPlan, freezePlan, replacePlan } from './plan-repository.ts'

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
    await replacePlan(tx, { ...plan, createdAt: deps.now() })
    return { put: true, plan }
  })

export type Taken = { taken: true; plan: SeatingPlan } | { taken: false; unknownZones: number[] } | null

/**
 * The plan, which does not change any more from now on; null where there is none. Where `zoneIds`, of which tickets are to be made,
 * are not all in it, it is not taken and stays open to change.
 */
export const takePlan = (deps: Dependencies, eventId: EventId, zoneIds: readonly number[]): Promise<Taken> =>
  deps.prisma.$transaction(async (tx): Promise<Taken> => {
    await lockEvent(tx, eventId)
    const plan = (await findPlan(tx, eventId))?.plan
    if (!plan) return null
    const known = new Set(plan.zones.map(({ zoneId }) => zoneId))
    const unknownZones = zoneIds.filter((zoneId) => !known.has(zoneId))
    if (unknownZones.length > 0) return { taken: false, unknownZones }
    await freezePlan(tx, eventId, deps.now())
    return { taken: true, plan }
  })
