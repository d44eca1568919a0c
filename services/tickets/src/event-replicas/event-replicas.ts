import type { EventId, eventsInternalRoutes } from '@boxoffice/contracts'
import type { Client, Sql } from '@boxoffice/service-kit'
import type { EventReplica } from './replica.ts'
import { findReplica, saveReplica } from './replica-repository.ts'

export type EventsClient = Pick<Client<typeof eventsInternalRoutes>, 'getEventInfo' | 'getSeatingPlanInfo'>

/**
 * Finds an event's replica; null for an unknown event. A missing replica, or one of a draft, is fetched from
 * the event service first, so that publishing takes effect at once; rejects with ServiceUnavailable if that
 * is unavailable.
 */
export function createEventReplicas({ db, events }: { db: Sql; events: Pick<EventsClient, 'getEventInfo'> }) {
  const sql = db
  return async (eventId: EventId): Promise<EventReplica | null> => {
    const known = await findReplica(sql, eventId)
    if (known && known.status !== 'DRAFT') return known
    const answer = await events.getEventInfo({ params: { eventId } })
    if (answer.status === 404) return null
    await saveReplica(sql, answer.body, answer.body.version)
    return findReplica(sql, eventId)
  }
}
export type FindEventReplica = ReturnType<typeof createEventReplicas>
