import { EVENT_NOT_FOUND, type EventId, FORBIDDEN, type UserId } from '@boxoffice/contracts'
import { RefusedError, refuse, refuseUnknown } from '@boxoffice/service-kit'
import type { FindEventReplica } from './event-replicas.ts'
import { type EventReplica, isVisibleTo } from './replica.ts'

/**
 * Returns the caller's own event. Throws a 404 if they may not see it, a 403 if it is another organizer's.
 */
export async function getOwnEvent(
  find: FindEventReplica,
  eventId: EventId,
  userId: UserId,
): Promise<EventReplica> {
  const replica = await find(eventId)
  if (!replica || !isVisibleTo(replica, userId)) throw new RefusedError(unknownEvent(eventId))
  if (replica.organizerId !== userId) throw new RefusedError(notTheirs())
  return replica
}

export const unknownEvent = (eventId: EventId) => refuseUnknown(EVENT_NOT_FOUND, eventId)
export const notTheirs = () => refuse(FORBIDDEN, { message: "this is another organizer's event" })
