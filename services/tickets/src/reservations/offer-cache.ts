import type { EventId } from '@boxoffice/contracts'
import type { Sql } from '@boxoffice/service-kit'
import type { FindEventReplica } from '../event-replicas/event-replicas.ts'
import { findReplicaAsOf } from '../event-replicas/replica-repository.ts'
import { listTypes } from '../types/type-repository.ts'
import type { Offer } from './offer.ts'

const EVENTS_MAX = 1_000

/** What an event sells right now; null when we know of no such event. */
export async function loadOffer(sql: Sql, eventId: EventId): Promise<Offer | null> {
  const found = await findReplicaAsOf(sql, eventId)
  return found && { ...found, types: await listTypes(sql, eventId) }
}

/**
 * Finds what an event sells, believed for a moment: a crowd is refused without asking the database each time.
 * Whoever gets through is checked again in the transaction, and priced by what stands there then: an old
 * price is never held. The time of an offer goes on by the monotonic clock.
 */
export function createOfferCache(options: { db: Sql; findEventReplica: FindEventReplica; cachedMs: number }) {
  const sql = options.db
  const believed = new Map<EventId, { offer: Offer; loadedAtMs: number }>()

  return async (eventId: EventId, as: 'cached' | 'now' = 'cached'): Promise<Offer | null> => {
    const entry = believed.get(eventId)
    const ageMs = entry ? performance.now() - entry.loadedAtMs : Number.POSITIVE_INFINITY
    if (entry && as === 'cached' && ageMs < options.cachedMs) {
      return { ...entry.offer, asOf: new Date(entry.offer.asOf.getTime() + ageMs) }
    }
    const replica = await options.findEventReplica(eventId)
    const offer = replica && (await loadOffer(sql, eventId))
    if (!offer) return null
    if (believed.size >= EVENTS_MAX) believed.clear()
    // Never "not yet": publishing is seen at once.
    if (offer.replica.status !== 'DRAFT') believed.set(eventId, { offer, loadedAtMs: performance.now() })
    return offer
  }
}
export type FindOffer = ReturnType<typeof createOfferCache>
