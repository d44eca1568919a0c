import type { EventId } from '@boxoffice/contracts'
import { type Cache, memoryKeys, noReads, type Sql } from '@boxoffice/service-kit'
import type { FindEventReplica } from '../event-replicas/event-replicas.ts'
import { findReplicaAsOf } from '../event-replicas/replica-repository.ts'
import { listTypes } from '../types/type-repository.ts'
import type { Offer, OfferSource } from './offer.ts'

const EVENTS_MAX = 1_000

/** Reads what an event sells right now; null for an unknown event. */
export async function loadOffer(sql: Sql, eventId: EventId): Promise<Offer | null> {
  const found = await findReplicaAsOf(sql, eventId)
  return found && { ...found, types: await listTypes(sql, eventId) }
}

export type FindOffer = (eventId: EventId, from?: OfferSource) => Promise<Offer | null>

/**
 * Returns a lookup of what events sell, cached for `cachedMs`, so that a crowd is refused without a query
 * each. The transaction checks and prices each hold again, so an outdated price is never held. `asOf` of a
 * cached offer advances by the monotonic clock. `cache` is for operators.
 */
export function createOfferCache(options: {
  db: Sql
  findEventReplica: FindEventReplica
  cachedMs: number
}): FindOffer & { readonly cache: Cache } {
  const sql = options.db
  const reads = noReads()
  const cached = new Map<string, { offer: Offer; loadedAtMs: number }>()

  const find: FindOffer = async (eventId, from = 'cache') => {
    const entry = cached.get(eventId)
    const ageMs = entry ? performance.now() - entry.loadedAtMs : Number.POSITIVE_INFINITY
    const isFresh = ageMs < options.cachedMs
    if (from === 'cache') reads[isFresh ? 'hits' : 'misses']++
    if (entry && from === 'cache' && isFresh) {
      return { ...entry.offer, asOf: new Date(entry.offer.asOf.getTime() + ageMs) }
    }
    const replica = await options.findEventReplica(eventId)
    const offer = replica && (await loadOffer(sql, eventId))
    if (!offer) return null
    if (cached.size >= EVENTS_MAX) cached.clear()
    // A draft is not cached: publishing must take effect at once.
    if (offer.replica.status !== 'DRAFT') cached.set(eventId, { offer, loadedAtMs: performance.now() })
    return offer
  }

  const shown = ({ offer }: { offer: Offer }) => ({
    status: offer.replica.status,
    types: String(offer.types.length),
    asOf: offer.asOf.toISOString(),
  })
  const keys = memoryKeys({ kept: cached, shown })
  return Object.assign(find, { cache: { name: 'offers', shared: false, reads, keys } })
}
