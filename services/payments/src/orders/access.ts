import type { EventId, EventInfo, eventsInternalRoutes } from '@boxoffice/contracts'
import type { Client, UserPrincipal } from '@boxoffice/service-kit'
import type { StoredOrder } from './order-repository.ts'

/** Decides who may see an order. Only the event service knows the event's organizer. */
export interface Access {
  /** Finds the event at its service; null for an unknown one. Rejects with ServiceUnavailable. */
  findEvent(eventId: EventId): Promise<EventInfo | null>
  /** Whether a user may see an order: its buyer, the event's organizer, an administrator. */
  maySee(order: StoredOrder, principal: UserPrincipal): Promise<boolean>
}

export const isAdmin = ({ roles }: Pick<UserPrincipal, 'roles'>) => roles.includes('ADMIN')

export function createAccess(events: Client<typeof eventsInternalRoutes>): Access {
  return {
    async findEvent(eventId) {
      const answer = await events.getEventInfo({ params: { eventId } })
      return answer.status === 200 ? answer.body : null
    },
    async maySee({ userId, eventId }, principal) {
      if (userId === principal.userId || isAdmin(principal)) return true
      if (!eventId || !principal.roles.includes('ORGANIZER')) return false
      const answer = await events.validateOrganizer({ params: { eventId, userId: principal.userId } })
      return answer.status === 200 && answer.body.isOrganizer
    },
  }
}
