import { EventId, EventStatus, Instant, UserId, VenueId } from '@boxoffice/contracts'
import type { Sql } from '@boxoffice/service-kit'
import { z } from 'zod'

/** An event as reads use it. */
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

/** The columns of `events` for it; excludes deleted events. */
export const knownEventColumns = `event_id as "eventId", organizer_id as "organizerId", name,
    event_date as "eventDate",
  time_zone as "timeZone", venue_id as "venueId", venue_name as "venueName", status`

/** Returns an event; null if unknown or deleted. */
export async function findKnownEvent(
  sql: Sql,
  generation: number,
  eventId: EventId,
): Promise<KnownEvent | null> {
  const [event] = await sql.query<KnownEvent>(
    `select ${knownEventColumns} from events where generation = $1 and event_id = $2 and not deleted`,
    [generation, eventId],
  )
  return event ?? null
}
