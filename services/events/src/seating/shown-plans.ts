import type { EventId, SeatingPlan } from '@boxoffice/contracts'
import { bytesOf, type Cache, type EncodedJson, memoryKeys, noReads } from '@boxoffice/service-kit'
import type { Db } from '../database.ts'
import { planJson } from './plan-json.ts'
import { findPlan, findPlanVersion } from './plan-repository.ts'

/** A plan as JSON, with an ETag per version. */
export interface ShownPlan extends KeptPlan {
  frozen: boolean
}

interface KeptPlan {
  planVersion: number
  json: EncodedJson<SeatingPlan>
  etag: string
}
export type FindShownPlan = (eventId: EventId) => Promise<ShownPlan | null>

/**
 * Creates a cache of plans. The current version is read on every request; the JSON of a version never changes
 * and is kept in memory, up to `bytesMax` for all plans, least recently used evicted first. `cache` is for
 * operators.
 */
export function createShownPlans({
  db,
  bytesMax,
}: {
  db: Db
  bytesMax: number
}): FindShownPlan & { readonly cache: Cache } {
  const reads = noReads()
  const kept = new Map<string, KeptPlan>()
  const inProgress = new Map<string, Promise<KeptPlan | null>>()
  let keptBytes = 0

  function keep(key: string, shown: KeptPlan) {
    kept.set(key, shown)
    keptBytes += bytesOf(shown.json)
    for (const [oldest, { json }] of kept) {
      if (keptBytes <= bytesMax) break
      kept.delete(oldest)
      keptBytes -= bytesOf(json)
    }
  }

  async function load(eventId: EventId) {
    const stored = await findPlan(db, eventId)
    if (!stored) return null
    const { planVersion } = stored
    const shown = { planVersion, json: planJson(eventId, stored), etag: `"${planVersion}"` }
    const key = keyOf(eventId, planVersion)
    if (!kept.has(key)) keep(key, shown)
    return shown
  }

  const find: FindShownPlan = async (eventId) => {
    const standing = await findPlanVersion(db, eventId)
    if (!standing) return null
    const key = keyOf(eventId, standing.planVersion)
    const known = kept.get(key)
    reads[known ? 'hits' : 'misses']++
    if (known) {
      kept.delete(key)
      kept.set(key, known) // most recently used last
      return { ...known, frozen: standing.frozen }
    }
    // Concurrent requests share one read.
    const loading = inProgress.get(key) ?? load(eventId).finally(() => inProgress.delete(key))
    inProgress.set(key, loading)
    const shown = await loading
    return shown && { ...shown, frozen: standing.frozen }
  }

  function clear() {
    kept.clear()
    keptBytes = 0
  }
  const keys = memoryKeys({ kept, clear, shown: ({ json }) => ({ bytes: String(bytesOf(json)) }) })
  return Object.assign(find, { cache: { name: 'seating-plans', shared: false, reads, keys } })
}

const keyOf = (eventId: EventId, planVersion: number) => `${eventId} ${planVersion}`
