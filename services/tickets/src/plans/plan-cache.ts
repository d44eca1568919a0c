import type { EventId } from '@boxoffice/contracts'
import { type Cache, memoryKeys, noReads, type Sql } from '@boxoffice/service-kit'
import { buildPlan, type Plan } from './plan.ts'
import { findPlanVersion, listSeats } from './plan-repository.ts'

/** Of all plans together: about 100 MB. */
const SEATS_KEPT_MAX = 400_000

export type FindPlan = (eventId: EventId) => Promise<Plan | null>

/**
 * Finds an event's plan; null while it offers no seats. A plan never changes, so it is read once and kept.
 * `cache` is for operators.
 */
export function createPlanCache({ db }: { db: Sql }): FindPlan & { readonly cache: Cache } {
  const sql = db
  const reads = noReads()
  const kept = new Map<string, { plan: Promise<Plan | null>; seatCount: number }>()

  async function load(eventId: EventId): Promise<Plan | null> {
    const planVersion = await findPlanVersion(sql, eventId)
    return planVersion === null ? null : buildPlan(eventId, planVersion, await listSeats(sql, eventId))
  }

  /** The most recently used plan is the last of the map. */
  function makeRoom(): void {
    let seats = [...kept.values()].reduce((total, { seatCount }) => total + seatCount, 0)
    for (const [eventId, { seatCount }] of kept) {
      if (seats <= SEATS_KEPT_MAX || kept.size === 1) return
      kept.delete(eventId)
      seats -= seatCount
    }
  }

  const find: FindPlan = async (eventId) => {
    reads[kept.has(eventId) ? 'hits' : 'misses']++
    const entry = kept.get(eventId) ?? { plan: load(eventId), seatCount: 0 }
    kept.delete(eventId)
    kept.set(eventId, entry)
    const forget = () => void (kept.get(eventId) === entry && kept.delete(eventId))
    const plan = await entry.plan.catch((error) => {
      forget()
      throw error
    })
    if (!plan) forget()
    else if (entry.seatCount === 0) {
      entry.seatCount = plan.seats.length
      makeRoom()
    }
    return plan
  }

  const keys = memoryKeys({ kept, shown: ({ seatCount }) => ({ seats: String(seatCount) }) })
  return Object.assign(find, { cache: { name: 'seating-plans', shared: false, reads, keys } })
}
