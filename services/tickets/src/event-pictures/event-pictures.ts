import type { EventId, eventsInternalRoutes } from '@boxoffice/contracts'
import type { Client, Sql } from '@boxoffice/service-kit'
import type { EventPicture } from './picture.ts'
import { findPicture, savePicture } from './picture-repository.ts'

export type EventsClient = Pick<Client<typeof eventsInternalRoutes>, 'getEventInfo' | 'getSeatingPlanInfo'>

/**
 * Finds an event's picture; null when there is no such event. Where we have none, or one that says "draft",
 * the event service is asked, so that publishing is seen at once: rejects with ServiceUnavailable when it is
 * unavailable.
 */
export function createEventPictures({ db, events }: { db: Sql; events: Pick<EventsClient, 'getEventInfo'> }) {
  const sql = db
  return async (eventId: EventId): Promise<EventPicture | null> => {
    const known = await findPicture(sql, eventId)
    if (known && known.status !== 'DRAFT') return known
    const answer = await events.getEventInfo({ params: { eventId } })
    if (answer.status === 404) return null
    await savePicture(sql, answer.body, answer.body.version)
    return findPicture(sql, eventId)
  }
}
export type FindEventPicture = ReturnType<typeof createEventPictures>
