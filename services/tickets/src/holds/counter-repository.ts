import type { EventId, TicketTypeId } from '@boxoffice/contracts'
import type { Sql, Tx } from '@boxoffice/service-kit'
import type { Line } from './commands.ts'

/** How many places of a type are held and sold; the database checks `held + sold <= capacity`. */
export interface Counter {
  readonly ticketTypeId: TicketTypeId
  readonly capacity: number
  readonly held: number
  readonly sold: number
}
export interface CounterChange {
  readonly ticketTypeId: TicketTypeId
  readonly held: number
  readonly sold: number
}

// A transaction that claims seats locks the counters of general types first and those of seated types after
// its claims, each by id, so that no two deadlock. A seat's claim decides whether it is free, so the counter
// of a seated type only counts, last.
//
// The exception: a transaction that releases, expires, cancels or sells claims that it owns changes all
// counters first, general types before seated ones, then the claims. Another transaction waits for these
// claims only once they have changed, when this one needs no more locks. Only the issue of an order that has
// lost its claim needs more: it expires holds in its way and then takes places. A deadlock there is retried.

/** Locks the counters of these types until the transaction ends. */
export const lockCounters = (tx: Tx, ticketTypeIds: readonly TicketTypeId[]): Promise<Counter[]> =>
  tx.query<Counter>(
    `select ticket_type_id as "ticketTypeId", c.capacity, c.held, c.sold
     from ticket_type_counters c join ticket_types t using (ticket_type_id)
     where ticket_type_id = any($1::uuid[]) order by t.kind, ticket_type_id for update of c`,
    [ticketTypeIds],
  )

/** Locks the counters of those types that are general. */
export const lockGeneralCounters = (tx: Tx, ticketTypeIds: readonly TicketTypeId[]): Promise<Counter[]> =>
  tx.query<Counter>(
    `select ticket_type_id as "ticketTypeId", capacity, held, sold from ticket_type_counters
     where ticket_type_id = any($1::uuid[]) order by ticket_type_id for update`,
    [ticketTypeIds],
  )

export const listCounters = (tx: Tx, ticketTypeIds: readonly TicketTypeId[]): Promise<Counter[]> =>
  tx.query<Counter>(
    `select ticket_type_id as "ticketTypeId", capacity, held, sold from ticket_type_counters
     where ticket_type_id = any($1::uuid[])`,
    [ticketTypeIds],
  )

/** Returns whether all of these lines are still available. */
export const suffice = (counters: readonly Counter[], lines: readonly Line[]): boolean =>
  lines.every(({ ticketTypeId, quantity }) => {
    const counter = counters.find((counter) => counter.ticketTypeId === ticketTypeId)
    return counter !== undefined && counter.capacity - counter.held - counter.sold >= quantity
  })

/** Adds to what is held and sold. Changes of one type are added up. */
export async function changeCounters(tx: Tx, changes: readonly CounterChange[]): Promise<void> {
  if (changes.length === 0) return
  await tx.query(
    `with change as (
       select ticket_type_id, sum(held)::int as held, sum(sold)::int as sold
       from unnest($1::uuid[], $2::int[], $3::int[]) u(ticket_type_id, held, sold) group by ticket_type_id),
     locked as (
       select ticket_type_id, change.held, change.sold
       from change join ticket_types t using (ticket_type_id)
       join ticket_type_counters c using (ticket_type_id)
       order by t.kind, ticket_type_id for update of c)
     update ticket_type_counters c
     set held = c.held + d.held, sold = c.sold + d.sold, updated_at = clock_timestamp()
     from locked d where c.ticket_type_id = d.ticket_type_id`,
    [
      changes.map(({ ticketTypeId }) => ticketTypeId),
      changes.map(({ held }) => held),
      changes.map(({ sold }) => sold),
    ],
  )
}

/** Returns the events with a hold, release or sale within the last `seconds`, and the time of the latest. */
export const listBusyEvents = (
  sql: Sql,
  seconds: number,
): Promise<{ eventId: EventId; changedAt: string }[]> =>
  sql.query(
    `select event_id as "eventId", max(updated_at)::text as "changedAt" from ticket_type_counters
     where updated_at > clock_timestamp() - make_interval(secs => $1) group by event_id`,
    [seconds],
  )
