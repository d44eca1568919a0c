import type { TicketId } from '@boxoffice/contracts'
import type { Sql } from '@boxoffice/service-kit'
import type { TicketFacts } from '../projection/order-facts.ts'
import { tickets } from '../projection/order-repository.ts'

/** A ticket is shown once its sale is known: the message of a transfer may come first. */
const SHOWN =
  'user_id is not null and ticket_type_id is not null and venue_id is not null and created_on is not null'

/** A shown ticket with all its known facts. */
export type ShownTicket = {
  [K in keyof TicketFacts]: K extends 'zoneId' | 'rowLabel' | 'colLabel'
    ? TicketFacts[K]
    : NonNullable<TicketFacts[K]>
}

export async function findSoldTicket(
  sql: Sql,
  generation: number,
  ticketId: TicketId,
): Promise<ShownTicket | null> {
  const [ticket] = await sql.query<ShownTicket>(
    `select ${tickets.selected} from tickets where generation = $1 and ticket_id = $2 and ${SHOWN}`,
    [generation, ticketId],
  )
  return ticket ?? null
}

/** Returns tickets of a user or an event, newest first: a page, and one more if there is another page. */
export const listSoldTickets = (
  sql: Sql,
  generation: number,
  { of, id }: { of: 'user_id' | 'event_id'; id: string },
  { limit, after }: { limit: number; after: { createdOn: Date; ticketId: string } | null },
): Promise<ShownTicket[]> =>
  sql.query<ShownTicket>(
    `select ${tickets.selected} from tickets
     where generation = $1 and ${of} = $2 and ${SHOWN}
       and ($4::timestamptz is null or (created_on, ticket_id) < ($4, $5::uuid))
     order by created_on desc, ticket_id desc limit $3`,
    [generation, id, limit + 1, after?.createdOn ?? null, after?.ticketId ?? null],
  )
