import { EVENT_NOT_FOUND, type EventId, FORBIDDEN, type UserId } from '@boxoffice/contracts'
import { RefusedError, refuse, refuseUnknown } from '@boxoffice/service-kit'
import type { FindEventPicture } from './event-pictures.ts'
import { type EventPicture, isVisibleTo } from './picture.ts'

/**
 * The event of its organizer. Throws a 404 where they may not see it, a 403 where it is another organizer's.
 */
export async function getOwnEvent(
  find: FindEventPicture,
  eventId: EventId,
  userId: UserId,
): Promise<EventPicture> {
  const picture = await find(eventId)
  if (!picture || !isVisibleTo(picture, userId)) throw new RefusedError(unknownEvent(eventId))
  if (picture.organizerId !== userId) throw new RefusedError(notTheirs())
  return picture
}

export const unknownEvent = (eventId: EventId) => refuseUnknown(EVENT_NOT_FOUND, eventId)
export const notTheirs = () => refuse(FORBIDDEN, { message: "this is another organizer's event" })
