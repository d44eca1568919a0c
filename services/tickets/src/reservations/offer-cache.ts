import type { EventId } from '@boxoffice/contracts'
import type { Sql } from '@boxoffice/service-kit'
import type { FindEventPicture } from '../event-pictures/event-pictures.ts'
import { findPictureAsOf } from '../event-pictures/picture-repository.ts'
import { listTypes } from '../types/type-repository.ts'
import type { Offer } from './offer.ts'

const EVENTS_MAX = 1_000

/** What an event sells right now; null when we know of no such event. */
export async function loadOffer(sql: Sql, eventId: EventId): Promise<Offer | null> {
  const found = await findPictureAsOf(sql, eventId)
  return found && { ...found, types: await listTypes(sql, eventId) }
}

/**
 * Finds what an event sells, believed for a moment: a crowd is refused without asking the database each time.
 * Whoever gets through is checked again in the transaction, and priced by what stands there then: an old
 * price is never held. The time of an offer goes on by the monotonic clock.
 */
export function createOfferCache(options: {
  db: Sql
  findEventPicture: FindEventPicture
  believedMs: number
}) {
  const sql = options.db
  const believed = new Map<EventId, { offer: Offer; loadedAtMs: number }>()

  return async (eventId: EventId, as: 'believed' | 'now' = 'believed'): Promise<Offer | null> => {
    const entry = believed.get(eventId)
    const ageMs = entry ? performance.now() - entry.loadedAtMs : Number.POSITIVE_INFINITY
    if (entry && as === 'believed' && ageMs < options.believedMs) {
      return { ...entry.offer, asOf: new Date(entry.offer.asOf.getTime() + ageMs) }
    }
    const picture = await options.findEventPicture(eventId)
    const offer = picture && (await loadOffer(sql, eventId))
    if (!offer) return null
    if (believed.size >= EVENTS_MAX) believed.clear()
    // Never "not yet": publishing is seen at once.
    if (offer.picture.status !== 'DRAFT') believed.set(eventId, { offer, loadedAtMs: performance.now() })
    return offer
  }
}
export type FindOffer = ReturnType<typeof createOfferCache>
