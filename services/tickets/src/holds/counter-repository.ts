import type { EventId, TicketTypeId } from '@boxoffice/contracts'
import type { Tx } from '@boxoffice/service-kit'
import type { Drawing, Line } from './commands.ts'
import { statusesOf } from './seat-claim-repository.ts'

/** How much of a type is held and sold; the database checks `held + sold <= capacity`. */
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

/** Lock the counters of these types until the transaction ends, in sorted order: no two transactions wait for each other. */
export const lockCounters = (tx: Tx, ticketTypeIds: readonly TicketTypeId[]): Promise<Counter[]> =>
  tx.query<Counter>(
    `select ticket_type_id as "ticketTypeId", capacity, held, sold from ticket_type_counters
     where ticket_type_id = any($1::uuid[]) order by ticket_type_id for update`,
    [ticketTypeIds],
  )

/** Whether all of these lines are still to be had. */
export const suffice = (counters: readonly Counter[], lines: readonly Line[]): boolean =>
  lines.every(({ ticketTypeId, quantity }) => {
    const counter = counters.find((counter) => counter.ticketTypeId === ticketTypeId)
    return counter !== undefined && counter.capacity - counter.held - counter.sold >= quantity
  })

/** Add to what is held and sold. Changes of one type count together. */
export async function changeCounters(tx: Tx, changes: readonly CounterChange[]): Promise<void> {
  if (changes.length === 0) return
  const ids = [...new Set(changes.map(({ ticketTypeId }) => ticketTypeId))]
  if (ids.length > 1) await lockCounters(tx, ids)
  await tx.query(
    `update ticket_type_counters c
     set held = c.held + d.held, sold = c.sold + d.sold, updated_at = clock_timestamp()
     from (select ticket_type_id, sum(held)::int as held, sum(sold)::int as sold
           from unnest($1::uuid[], $2::int[], $3::int[]) u(ticket_type_id, held, sold) group by ticket_type_id) d
     where c.ticket_type_id = d.ticket_type_id`,
    [changes.map(({ ticketTypeId }) => ticketTypeId), changes.map(({ held }) => held), changes.map(({ sold }) => sold)],
  )
}

/** Events in which something was held, released or sold within the last so many seconds. */
export async function listBusyEvents(tx: Tx, seconds: number): Promise<EventId[]> {
  const rows = await tx.query<{ eventId: EventId }>(
    `select distinct event_id as "eventId" from ticket_type_counters
     where updated_at > clock_timestamp() - make_interval(secs => $1)`,
    [seconds],
  )
  return rows.map(({ eventId }) => eventId)
}

/** What Redis should show of an event, read in one statement and so of one moment. */
export async function readDrawing(tx: Tx, eventId: EventId): Promise<Drawing> {
  const [row] = await tx.query<Drawing>(
    `select
       coalesce((select jsonb_agg(jsonb_build_object('ticketTypeId', ticket_type_id, 'count', capacity - held - sold))
        from ticket_type_counters where event_id = $1), '[]') as free,
       coalesce(${statusesOf('$1')}, '') as map,
       coalesce((select jsonb_agg(jsonb_build_object(
          'reservationId', r.reservation_id,
          'remainingMs', extract(epoch from r.expires_at - clock_timestamp()) * 1000,
          'lines', (select jsonb_agg(jsonb_build_object('ticketTypeId', i.ticket_type_id, 'quantity', i.quantity))
                    from reservation_items i where i.reservation_id = r.reservation_id),
          'seats', (select coalesce(jsonb_agg(s.seat_index), '[]') from seat_claims c join seats s using (event_id, seat_id)
                    where c.reservation_id = r.reservation_id and c.ticket_id is null)))
        from reservations r where r.event_id = $1 and r.status in ('ACTIVE', 'PAYING')), '[]') as holds`,
    [eventId],
  )
  return row ?? { free: [], map: '', holds: [] }
}
