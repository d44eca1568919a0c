import type { EventId } from '@boxoffice/contracts'
import { sqlOfPool } from '@boxoffice/service-kit'
import type pg from 'pg'
import { buildPlan, type Plan } from './plan.ts'
import { findPlanVersion, listSeats } from './plan-repository.ts'

/** Together at most 20 × 20,000 seats. */
const PLANS_MAX = 20

/** Finds an event's plan; null while no seats are offered. A plan never changes: it is read once and kept. */
export function createPlans({ pool }: { pool: pg.Pool }) {
  const sql = sqlOfPool(pool)
  const kept = new Map<EventId, Promise<Plan | null>>()

  async function load(eventId: EventId): Promise<Plan | null> {
    const planVersion = await findPlanVersion(sql, eventId)
    return planVersion === null ? null : buildPlan(eventId, planVersion, await listSeats(sql, eventId))
  }

  return async (eventId: EventId): Promise<Plan | null> => {
    const known = kept.get(eventId)
    kept.delete(eventId)
    const plan = known ?? load(eventId)
    kept.set(eventId, plan) // the last of them was asked for last
    const oldest = kept.size > PLANS_MAX ? kept.keys().next().value : undefined
    if (oldest) kept.delete(oldest)
    const forget = () => void (kept.get(eventId) === plan && kept.delete(eventId))
    const found = await plan.catch((error) => {
      forget()
      throw error
    })
    if (!found) forget()
    return found
  }
}
export type FindPlan = ReturnType<typeof createPlans>
