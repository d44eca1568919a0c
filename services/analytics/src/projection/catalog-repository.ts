import type { EventId, eventCreated, Payload, ticketTypeChanged, UserId } from '@boxoffice/contracts'
import type { Sql } from '@boxoffice/service-kit'
import type { EventFacts, Versioned } from './facts.ts'
import { defineTable } from './table-repository.ts'

type Known = Pick<
  Payload<typeof eventCreated>,
  'name' | 'eventDate' | 'timeZone' | 'venueId' | 'venueName' | 'status'
>
type StoredEvent = Pick<
  Versioned<EventFacts>,
  'eventId' | 'organizerId' | 'deleted' | 'version' | 'messageId'
> &
  Partial<Known>
type StoredType = Omit<Versioned<Payload<typeof ticketTypeChanged>>, 'kind' | 'unitPrice'> & {
  unitPriceMinor: number
}

const newer = (columns: readonly string[]) =>
  `${columns.map((column) => `${column} = excluded.${column}`).join(', ')}
   where (excluded.version, excluded.message_id) > (t.version, t.message_id)`

const eventColumns = {
  eventId: 'event_id',
  organizerId: 'organizer_id',
  name: 'name',
  eventDate: 'event_date',
  timeZone: 'time_zone',
  venueId: 'venue_id',
  venueName: 'venue_name',
  status: 'status',
  deleted: 'deleted',
  version: 'version',
  messageId: 'message_id',
} as const
const typeColumns = {
  ticketTypeId: 'ticket_type_id',
  eventId: 'event_id',
  name: 'name',
  unitPriceMinor: 'unit_price_minor',
  currency: 'currency',
  quantityTotal: 'quantity_total',
  withdrawn: 'withdrawn',
  version: 'version',
  messageId: 'message_id',
} as const

/** Returns the organizers of these events, as far as known. */
export const listOrganizersOf = async (
  sql: Sql,
  generations: readonly number[],
  eventIds: readonly EventId[],
): Promise<UserId[]> =>
  (
    await sql.query<{ organizerId: UserId }>(
      `select distinct organizer_id as "organizerId" from events where generation = any($1)
         and event_id = any($2)`,
      [generations, eventIds],
    )
  ).map(({ organizerId }) => organizerId)

/** Writes events; keeps the newer version of an existing one. */
export const { put: putEvents } = defineTable<StoredEvent>({
  name: 'events',
  key: ['eventId'],
  columns: eventColumns,
  onConflict: newer(Object.values(eventColumns).slice(1)),
})

/** Writes ticket types; keeps the newer version of an existing one. */
export const { put: putTypes } = defineTable<StoredType>({
  name: 'ticket_types',
  key: ['ticketTypeId'],
  columns: typeColumns,
  onConflict: newer(Object.values(typeColumns).slice(1)),
})
