import { EVENT_NOT_FOUND, type EventId, FORBIDDEN } from '@boxoffice/contracts'
import { RefusedError, refuse, refuseUnknown, type UserPrincipal } from '@boxoffice/service-kit'
import { findKnownEvent, KnownEvent } from './known-event-repository.ts'
import type { Read } from './reads.ts'

/** Who may see what of an event. */
export interface EventAccess {
  find(eventId: EventId): Promise<KnownEvent | null>
  /** One that anybody may know of; a draft is its organizer's alone. Throws a 404. */
  getVisible(eventId: EventId, principal: UserPrincipal | null): Promise<KnownEvent>
  /**
   * One's own, or any for an administrator. Throws a 404, or a 403 where it is no secret that it is there.
   */
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
