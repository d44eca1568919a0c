import { EVENT_NOT_FOUND, type EventId, FORBIDDEN } from '@boxoffice/contracts'
import { RefusedError, refuse, refuseUnknown, type UserPrincipal } from '@boxoffice/service-kit'
import { findKnownEvent, KnownEvent } from './known-event-repository.ts'
import type { Read } from './reads.ts'

/** Decides who may see what of an event. */
export interface EventAccess {
  find(eventId: EventId): Promise<KnownEvent | null>
  /** An event that the user may see; a draft is visible to its organizer only. Throws a 404. */
  getVisible(eventId: EventId, principal: UserPrincipal | null): Promise<KnownEvent>
  /** The user's own event, or any for an administrator. Throws a 404, or a 403 if the event is public. */
  getOwn(eventId: EventId, principal: UserPrincipal): Promise<KnownEvent>
}

export const isAdmin = ({ roles }: UserPrincipal) => roles.includes('ADMIN')
export const isOwn = (event: KnownEvent, principal: UserPrincipal) =>
  event.organizerId === principal.userId || isAdmin(principal)

export function createEventAccess(read: Read): EventAccess {
  const find = (eventId: EventId) =>
    read({ tag: `event:${eventId}`, kind: 'event', schema: KnownEvent }, (sql, generation) =>
      findKnownEvent(sql, generation, eventId),
    )

  async function getVisible(eventId: EventId, principal: UserPrincipal | null): Promise<KnownEvent> {
    const event = await find(eventId)
    if (!event || (event.status === 'DRAFT' && !(principal && isOwn(event, principal))))
      throw new RefusedError(refuseUnknown(EVENT_NOT_FOUND, eventId))
    return event
  }

  return {
    find,
    getVisible,
    async getOwn(eventId, principal) {
      const event = await getVisible(eventId, principal)
      if (!isOwn(event, principal))
        throw new RefusedError(refuse(FORBIDDEN, { message: 'this is for the organizer of the event' }))
      return event
    },
  }
}
