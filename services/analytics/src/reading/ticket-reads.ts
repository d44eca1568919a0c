import { type EventId, SoldTicket, type TicketId, type UserId } from '@boxoffice/contracts'
import { cursorFields, defineCursor, type PositionOf, type Sql } from '@boxoffice/service-kit'
import { z } from 'zod'
import { statusOf } from '../projection/order-facts.ts'
import type { Read } from './reads.ts'
import { findSoldTicket, listSoldTickets, type ShownTicket } from './sold-ticket-repository.ts'

/** The ticket after which a page begins. */
export const ticketCursor = defineCursor({ createdOn: cursorFields.instant, ticketId: cursorFields.id })

const Page = z.object({ tickets: z.array(SoldTicket), nextCursor: z.string().nullable() })

function viewOf(ticket: ShownTicket): SoldTicket {
  const {
    ticketId,
    orderId,
    userId,
    venueId,
    eventId,
    zoneId,
    rowLabel,
    colLabel,
    priceMinor,
    currency,
    createdOn,
  } = ticket
  const seat = zoneId !== null && rowLabel !== null && colLabel !== null ? { zoneId, rowLabel, colLabel } : {}
  const status = statusOf(ticket)
  return {
    ticketId,
    orderId,
    userId,
    venueId,
    eventId,
    ...seat,
    price: priceMinor,
    currency,
    status,
    createdOn,
  }
}

/** Reads sold tickets: one, a user's, an event's; newest first. */
export function createTicketReads(read: Read) {
  async function list(
    sql: Sql,
    generation: number,
    of: 'user_id' | 'event_id',
    id: string,
    request: PageRequest,
  ) {
    const rows = await listSoldTickets(sql, generation, { of, id }, request)
    const { page, nextCursor } = ticketCursor.pageOf(rows, request.limit, (last) => last)
    return { tickets: page.map(viewOf), nextCursor }
  }
  const nothing = { tickets: [], nextCursor: null }
  const pageName = ({ limit, after }: PageRequest) => JSON.stringify([limit, after])

  return {
    find: (ticketId: TicketId): Promise<SoldTicket | null> =>
      read({ tag: `ticket:${ticketId}`, kind: 'ticket', schema: SoldTicket }, async (sql, generation) => {
        const ticket = await findSoldTicket(sql, generation, ticketId)
        return ticket ? viewOf(ticket) : null
      }),
    listOfUser: async (userId: UserId, request: PageRequest) =>
      (await read(
        { tag: `user:${userId}`, kind: 'tickets', of: pageName(request), schema: Page },
        (sql, generation) => list(sql, generation, 'user_id', userId, request),
      )) ?? nothing,
    listOfEvent: async (eventId: EventId, request: PageRequest) =>
      (await read(
        { tag: `event:${eventId}`, kind: 'tickets', of: pageName(request), schema: Page },
        (sql, generation) => list(sql, generation, 'event_id', eventId, request),
      )) ?? nothing,
  }
}

export interface PageRequest {
  limit: number
  after: PositionOf<typeof ticketCursor> | null
}
export type TicketReads = ReturnType<typeof createTicketReads>
