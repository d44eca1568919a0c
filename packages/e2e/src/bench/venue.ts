import { type EventId, type Minor, SEATS_MAX, type TicketTypeId } from '@boxoffice/contracts'
import { publishEvent } from '../events.ts'
import { expectStatus, type Person } from '../person.ts'

const DAY_MS = 86_400_000
const ROW_SEATS = 100
const ROWS_PER_ZONE = 20

/** A published event with numbered seats; `seatIds` in plan order, each with the type that sells it. */
export interface Hall {
  eventId: EventId
  types: { ticketTypeId: TicketTypeId; seatIds: string[] }[]
  seatIds: string[]
}

export const seatsAtMost = (wanted: number): number => Math.min(wanted, SEATS_MAX)

/** Builds a plan in zones of two thousand seats, or smaller if `types` needs more zones. */
export async function publishHall(organizer: Person, seats: number, types = 1): Promise<Hall> {
  const zoneCount = Math.max(types, Math.ceil(seats / (ROW_SEATS * ROWS_PER_ZONE)))
  const zones = Array.from({ length: zoneCount }, (_, zone) => {
    const from = Math.floor((zone * seats) / zoneCount)
    const to = Math.floor(((zone + 1) * seats) / zoneCount)
    const rows = Array.from({ length: Math.ceil((to - from) / ROW_SEATS) }, (_, row) => ({
      rowLabel: `R${row + 1}`,
      seats: Array.from({ length: Math.min(ROW_SEATS, to - from - row * ROW_SEATS) }, (_, seat) => ({
        colLabel: String(seat + 1),
      })),
    }))
    return { zoneId: zone + 1, name: `Zone ${zone + 1}`, rows }
  })
  const eventDate = new Date(Date.now() + 30 * DAY_MS)
  const { eventId } = expectStatus(
    await organizer.events.createEvent({
      body: {
        name: `A hall of ${seats}`,
        description: 'With seats.',
        eventDate,
        endDate: new Date(eventDate.getTime() + DAY_MS / 8),
        timeZone: 'Europe/Warsaw',
        category: 'THEATRE',
        venueName: 'Spodek',
        venueAddress: 'Aleja Korfantego 35, Katowice',
      },
    }),
    201,
  )
  expectStatus(await organizer.events.putSeatingPlan({ params: { eventId }, body: { zones } }), 200)
  const made: Hall['types'] = []
  for (let type = 0; type < types; type++) {
    const own = zones.filter((_, index) => index % types === type)
    const body = {
      eventId,
      name: `Type ${type + 1}`,
      unitPrice: 4_000 as Minor,
      currency: 'EUR' as const,
      zoneIds: own.map(({ zoneId }) => zoneId),
    }
    const { ticketTypeId } = expectStatus(await organizer.tickets.createTicketType({ body }), 201)
    made.push({ ticketTypeId, seatIds: own.flatMap(seatIdsOf) })
  }
  expectStatus(await organizer.events.publishEvent({ params: { eventId } }), 200)
  return { eventId, types: made, seatIds: zones.flatMap(seatIdsOf) }
}

const seatIdsOf = (zone: {
  zoneId: number
  rows: { rowLabel: string; seats: { colLabel: string }[] }[]
}): string[] =>
  zone.rows.flatMap(({ rowLabel, seats }) =>
    seats.map(({ colLabel }) => `${zone.zoneId}-${rowLabel}-${colLabel}`),
  )

/** Publishes an event without seats that cannot sell out. */
export const publishField = (organizer: Person, quantity = 1_000_000) =>
  publishEvent(organizer, { name: 'A field', quantity, unitPrice: 4_000 as Minor })

/**
 * Shuffles in the same irregular order each time, as people choose seats (Fisher-Yates with Lehmer's
 * generator).
 */
export function scattered<T>(items: readonly T[]): T[] {
  const shuffled = [...items]
  let state = 1
  for (let last = shuffled.length - 1; last > 0; last--) {
    state = (state * 48_271) % 2_147_483_647
    const other = state % (last + 1)
    ;[shuffled[last], shuffled[other]] = [shuffled[other] as T, shuffled[last] as T]
  }
  return shuffled
}
