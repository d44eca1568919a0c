import { EVENT_NOT_FOUND, EventId, EventStatus, FORBIDDEN, Instant, UserId, VenueId } from '@boxoffice/contracts'
import { RefusedError, refuse, refuseUnknown, type UserPrincipal } from '@boxoffice/service-kit'
import { z } from 'zod'
import type { Read } from './reads.ts'

/** An event as reads know it. */
export const KnownEvent = z.object({
  eventId: EventId,
  organizerId: UserId,
  name: z.string(),
  eventDate: Instant,
  timeZone: z.string(),
  venueId: VenueId,
  venueName: z.string(),
  status: EventStatus,
})
export type KnownEvent = z.output<typeof KnownEvent>

/** The columns of `events` for one, where it is not deleted. */
export const knownEventColumns = `event_id as "eventId", organizer_id as "organizerId", name, event_date as "eventDate",
  time_zone as "timeZone", venue_id as "venueId", venue_name as "venueName", status`

/** Who may see what of an event. */
export interface EventAccess {
  find(eventId: EventId): Promise<KnownEvent | null>
  /** One that anybody may know of; a draft is its organizer's alone. Throws a 404. */
  getVisible(eventId: EventId, principal: UserPrincipal | null): Promise<KnownEvent>
  /** One's own, or any for an administrator. Throws a 404, or a 403 where it is no secret that it is there. */
  getOwn(eventId: EventId, principal: UserPrincipal): Promise<KnownEvent>
}

export const isAdmin = ({ roles }: UserPrincipal) => roles.includes('ADMIN')
export const isOwn = (event: KnownEvent, principal: UserPrincipal) => event.organizerId === principal.userId || isAdmin(principal)

export function createEventAccess(read: Read): EventAccess {
  const find = (eventId: EventId) =>
    read({ tag: `event:${eventId}`, kind: 'event', schema: KnownEvent }, async (sql, generation) => {
      const [event] = await sql.query<KnownEvent>(
        `select ${knownEventColumns} from events where generation = $1 and event_id = $2 and not deleted`,
        [generation, eventId],
      )
      return event ?? null
    })

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
