import type { Currency, Minor } from '@boxoffice/contracts'
import { expectStatus, type Person } from './person.ts'

const DAY_MS = 86_400_000

/** Publishes an event with one ticket type as its organizer. */
export async function publishEvent(
  organizer: Person,
  what: {
    name: string
    quantity: number
    unitPrice: number
    currency?: Currency
    venueName?: string
    venueAddress?: string
    refundableUntil?: Date
  },
) {
  const event = expectStatus(
    await organizer.events.createEvent({
      body: {
        name: what.name,
        description: 'An evening to remember.',
        eventDate: new Date(Date.now() + 30 * DAY_MS),
        endDate: new Date(Date.now() + 30 * DAY_MS + DAY_MS / 6),
        timeZone: 'Europe/Warsaw',
        category: 'MUSIC',
        ...(what.refundableUntil && { refundableUntil: what.refundableUntil }),
        venueName: what.venueName ?? 'Klub Proxima',
        venueAddress: what.venueAddress ?? 'Żwirki i Wigury 99A, Warszawa',
      },
    }),
    201,
  )
  const type = expectStatus(
    await organizer.tickets.createTicketType({
      body: {
        eventId: event.eventId,
        name: 'Standing',
        unitPrice: what.unitPrice as Minor,
        currency: what.currency ?? 'EUR',
        quantity: what.quantity,
      },
    }),
    201,
  )
  expectStatus(await organizer.events.publishEvent({ params: { eventId: event.eventId } }), 200)
  return { event, type, eventId: event.eventId, ticketTypeId: type.ticketTypeId }
}

/** A small hall: one zone with two rows of ten. */
const hall = [
  {
    zoneId: 1,
    name: 'Stalls',
    rows: ['A', 'B'].map((rowLabel) => ({
      rowLabel,
      seats: Array.from({ length: 10 }, (_, index) => ({ colLabel: String(index + 1) })),
    })),
  },
]

/** Publishes a seated event as its organizer. */
export async function publishSeatedEvent(
  organizer: Person,
  name: string,
  options: { refundableUntil?: Date } = {},
) {
  const eventDate = new Date(Date.now() + 30 * DAY_MS)
  const event = expectStatus(
    await organizer.events.createEvent({
      body: {
        name,
        description: 'With seats.',
        eventDate,
        endDate: new Date(eventDate.getTime() + 10_800_000),
        timeZone: 'Europe/Warsaw',
        category: 'THEATRE',
        venueName: 'Teatr Mały',
        venueAddress: 'ulica Fredry 6, Warszawa',
        ...options,
      },
    }),
    201,
  )
  const { eventId } = event
  expectStatus(await organizer.events.putSeatingPlan({ params: { eventId }, body: { zones: hall } }), 200)
  const type = expectStatus(
    await organizer.tickets.createTicketType({
      body: { eventId, name: 'Stalls', unitPrice: 7_500 as Minor, currency: 'EUR', zoneIds: [1] },
    }),
    201,
  )
  expectStatus(await organizer.events.publishEvent({ params: { eventId } }), 200)
  return { event, type, eventId, ticketTypeId: type.ticketTypeId }
}
