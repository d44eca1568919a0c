import { type EventId, SoldTicket, type TicketId, type UserId } from '@boxoffice/contracts'
import { cursorFields, defineCursor, type PositionOf, type Sql } from '@boxoffice/service-kit'
import { z } from 'zod'
import { statusOf, type TicketFacts } from '../projection/order-facts.ts'
import { tickets } from '../projection/order-repository.ts'
import type { Read } from './reads.ts'

/** After which ticket a page begins. */
export const ticketCursor = defineCursor({ createdOn: cursorFields.instant, ticketId: cursorFields.id })

const Page = z.object({ tickets: z.array(SoldTicket), nextCursor: z.string().nullable() })

/** A ticket is shown when its sale is known: one that took another's place may be heard of first. */
const SHOWN = 'user_id is not null and ticket_type_id is not null and venue_id is not null and created_on is not null'

type Shown = {
  [K in keyof TicketFacts]: K extends 'zoneId' | 'rowLabel' | 'colLabel' ? TicketFacts[K] : NonNullable<TicketFacts[K]>
}

function viewOf(ticket: Shown): SoldTicket {
  const { ticketId, orderId, userId, venueId, eventId, zoneId, rowLabel, colLabel, priceMinor, currency, createdOn } = ticket
  const seat = zoneId !== null && rowLabel !== null && colLabel !== null ? { zoneId, rowLabel, colLabel } : {}
  const status = statusOf(ticket)
  return { ticketId, orderId, userId, venueId, eventId, ...seat, price: priceMinor, currency, status, createdOn }
}

/** Sold tickets: one, somebody's, an event's; the newest first. */
export function createTicketReads(read: Read) {
  async function list(sql: Sql, generation: number, of: 'user_id' | 'event_id', id: string, wish: PageWish) {
    const { limit, after } = wish
    const rows = await sql.query<Shown>(
      `select ${tickets.selected} from tickets
       where generation = $1 and ${of} = $2 and ${SHOWN}
         and ($4::timestamptz is null or (created_on, ticket_id) < ($4, $5::uuid))
       order by created_on desc, ticket_id desc limit $3`,
      [generation, id, limit + 1, after?.createdOn ?? null, after?.ticketId ?? null],
    )
    const { page, nextCursor } = ticketCursor.pageOf(rows, limit, (last) => last)
    return { tickets: page.map(viewOf), nextCursor }
  }
  const nothing = { tickets: [], nextCursor: null }
  const pageName = ({ limit, after }: PageWish) => JSON.stringify([limit, after])

  return {
    find: (ticketId: TicketId): Promise<SoldTicket | null> =>
      read({ tag: `ticket:${ticketId}`, kind: 'ticket', schema: SoldTicket }, async (sql, generation) => {
        const [ticket] = await sql.query<Shown>(
          `select ${tickets.selected} from tickets where generation = $1 and ticket_id = $2 and ${SHOWN}`,
          [generation, ticketId],
        )
        return ticket ? viewOf(ticket) : null
      }),
    listOfUser: async (userId: UserId, wish: PageWish) =>
      (await read({ tag: `user:${userId}`, kind: 'tickets', of: pageName(wish), schema: Page }, (sql, generation) =>
        list(sql, generation, 'user_id', userId, wish),
      )) ?? nothing,
    listOfEvent: async (eventId: EventId, wish: PageWish) =>
      (await read({ tag: `event:${eventId}`, kind: 'tickets', of: pageName(wish), schema: Page }, (sql, generation) =>
        list(sql, generation, 'event_id', eventId, wish),
      )) ?? nothing,
  }
}

export interface PageWish {
  limit: number
  after: PositionOf<typeof ticketCursor> | null
}
export type TicketReads = ReturnType<typeof createTicketReads>
