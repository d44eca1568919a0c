import {
  type EventId,
  type EventInfo,
  type Minor,
  type NewTicketType,
  type SeatingPlan,
  ticketsRoutes,
  type UserId,
  type VenueId,
} from '@boxoffice/contracts'
import { injectClient, type TestAuthority } from '@boxoffice/service-kit/testing'
import type { FastifyInstance } from 'fastify'
import { newId } from './requests.ts'

const HOUR_MS = 3_600_000

const eventInfo = (changes: Partial<EventInfo> = {}): EventInfo => ({
  eventId: newId<EventId>(),
  organizerId: newId<UserId>(),
  name: 'Łódź Jazz Night',
  description: '',
  eventDate: new Date(Date.now() + 48 * HOUR_MS),
  endDate: new Date(Date.now() + 52 * HOUR_MS),
  timeZone: 'Europe/Warsaw',
  venueId: newId<VenueId>(),
  venueName: 'Klub Wytwórnia',
  venueAddress: 'ul. Łąkowa 29, Łódź',
  category: 'MUSIC',
  status: 'PUBLISHED',
  createdAt: new Date(),
  updatedAt: new Date(),
  version: 2,
  ...changes,
})

/** A seating plan of zones with rows of so many seats. */
export const planOf = (eventId: EventId, rows: number[][]): SeatingPlan => ({
  eventId,
  planVersion: 1,
  seatCount: rows.flat().reduce((sum, seats) => sum + seats, 0),
  zones: rows.map((sizes, zone) => ({
    zoneId: zone + 1,
    name: `Zone ${zone + 1}`,
    rows: sizes.map((size, row) => ({
      rowLabel: row < 26 ? String.fromCharCode(65 + row) : `R${row}`,
      seats: Array.from({ length: size }, (_, col) => ({ colLabel: String(col + 1) })),
    })),
  })),
})

interface Limits {
  maxPerOrder?: number
  maxPerUser?: number
}

/** Creates events that sell tickets. */
export function createOffers({
  authority,
  app,
  eventInfos,
  seatingPlans,
}: {
  authority: TestAuthority
  app: FastifyInstance
  eventInfos: Map<EventId, EventInfo>
  seatingPlans: Map<EventId, SeatingPlan>
}) {
  /** An event that the event service knows. */
  function addEvent(changes: Partial<EventInfo> = {}): EventInfo {
    const event = eventInfo(changes)
    eventInfos.set(event.eventId, event)
    return event
  }

  /** A published event of a new organizer. */
  async function publishEvent() {
    const { userId, headers } = await authority.user(['USER', 'ORGANIZER'])
    const organizer = { userId, headers, client: injectClient(app, ticketsRoutes, headers) }
    const event = addEvent({ organizerId: userId })
    const { eventId } = event
    async function createType(type: Omit<NewTicketType, 'eventId' | 'currency'>) {
      const answer = await organizer.client.createTicketType({ body: { eventId, currency: 'EUR', ...type } })
      if (answer.status !== 201) throw new Error(`no type was made: ${JSON.stringify(answer)}`)
      return answer.body.ticketTypeId
    }
    return { event, eventId, organizer, createType }
  }

  return {
    addEvent,
    /** A published event with one type of `quantity` tickets. */
    async offer(quantity: number, changes: Limits & { unitPrice?: number } = {}) {
      const { createType, ...published } = await publishEvent()
      const unitPrice = (changes.unitPrice ?? 5_000) as Minor
      return { ...published, typeId: await createType({ name: 'Standing', quantity, ...changes, unitPrice }) }
    },
    /**
     * A published event that sells all seats of its zones as one type. `rows`: number of seats by zone and
     * row; zones are numbered from 1, rows are A, B, …, seats 1, 2, …. Zones left out of `sold` are for other
     * types.
     */
    async offerSeats(rows: number[][], changes: Limits & { sold?: number[] } = {}) {
      const { sold: zoneIds = rows.map((_, index) => index + 1), ...limits } = changes
      const { createType, ...published } = await publishEvent()
      const plan = planOf(published.eventId, rows)
      seatingPlans.set(published.eventId, plan)
      const unitPrice = 7_000 as Minor
      const typeId = await createType({ name: 'Stalls', unitPrice, zoneIds, ...limits })
      return { ...published, plan, typeId }
    },
  }
}
