import type { EventId, ReservationId, SeatId, TicketTypeId } from '@boxoffice/contracts'
import type { Tx } from '@boxoffice/service-kit'
import { numbersOf, type Plan } from '../seating/plan.ts'
import { type Drawing, type Line, PAYING_EXTRA_MS } from './commands.ts'

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

// Every transaction locks counters in this order, so that no two wait for each other: general types, then, behind the claims of their
// seats, seated ones; by id. A seat's claim decides whether it is free, so what is held of a seated type is only counted, last.

/** Lock the counters of these types until the transaction ends. */
export const lockCounters = (tx: Tx, ticketTypeIds: readonly TicketTypeId[]): Promise<Counter[]> =>
  tx.query<Counter>(
    `select ticket_type_id as "ticketTypeId", c.capacity, c.held, c.sold
     from ticket_type_counters c join ticket_types t using (ticket_type_id)
     where ticket_type_id = any($1::uuid[]) order by t.kind, ticket_type_id for update of c`,
    [ticketTypeIds],
  )

/** The same for general types. */
export const lockGeneralCounters = (tx: Tx, ticketTypeIds: readonly TicketTypeId[]): Promise<Counter[]> =>
  tx.query<Counter>(
    `select ticket_type_id as "ticketTypeId", capacity, held, sold from ticket_type_counters
     where ticket_type_id = any($1::uuid[]) order by ticket_type_id for update`,
    [ticketTypeIds],
  )

export const listCounters = (tx: Tx, ticketTypeIds: readonly TicketTypeId[]): Promise<Counter[]> =>
  tx.query<Counter>(
    `select ticket_type_id as "ticketTypeId", capacity, held, sold from ticket_type_counters where ticket_type_id = any($1::uuid[])`,
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
  await tx.query(
    `with change as (
       select ticket_type_id, sum(held)::int as held, sum(sold)::int as sold
       from unnest($1::uuid[], $2::int[], $3::int[]) u(ticket_type_id, held, sold) group by ticket_type_id),
     locked as (
       select ticket_type_id, change.held, change.sold
       from change join ticket_types t using (ticket_type_id) join ticket_type_counters c using (ticket_type_id)
       order by t.kind, ticket_type_id for update of c)
     update ticket_type_counters c
     set held = c.held + d.held, sold = c.sold + d.sold, updated_at = clock_timestamp()
     from locked d where c.ticket_type_id = d.ticket_type_id`,
    [changes.map(({ ticketTypeId }) => ticketTypeId), changes.map(({ held }) => held), changes.map(({ sold }) => sold)],
  )
}

/** Events in which something was held, released or sold within the last so many seconds, and when last. */
export const listBusyEvents = (tx: Tx, seconds: number): Promise<{ eventId: EventId; changedAt: string }[]> =>
  tx.query(
    `select event_id as "eventId", max(updated_at)::text as "changedAt" from ticket_type_counters
     where updated_at > clock_timestamp() - make_interval(secs => $1) group by event_id`,
    [seconds],
  )

interface DrawnRow {
  free: Drawing['free']
  /** Zones that no type sells. */
  closed: number[]
  live: [ReservationId, number][]
  lines: [ReservationId, TicketTypeId, number][]
  held: [ReservationId, SeatId][]
  sold: SeatId[]
}

/** What Redis should show of an event, read in one statement and so of one moment. `plan` where it has seats. */
export async function readDrawing(tx: Tx, eventId: EventId, plan: Plan | null): Promise<Drawing> {
  // Flat lists, put together here: the planner knows too little of what a crowd has just written to join it well, and of a hall only
  // what is taken need be read.
  const [row] = await tx.query<DrawnRow>(
    `with live as (
       select reservation_id, case status
           when 'PAYING' then greatest(extract(epoch from expires_at - clock_timestamp()) * 1000, 0) + ${PAYING_EXTRA_MS}
           else extract(epoch from expires_at - clock_timestamp()) * 1000 end as remaining_ms
       from reservations where event_id = $1 and status in ('ACTIVE', 'PAYING'))
     select
       coalesce((select json_agg(json_build_object('ticketTypeId', ticket_type_id, 'count', capacity - held - sold))
         from ticket_type_counters where event_id = $1), '[]') as free,
       coalesce((select json_agg(zone_id) from seating_zones where event_id = $1 and ticket_type_id is null), '[]') as closed,
       coalesce((select json_agg(json_build_array(reservation_id, remaining_ms)) from live), '[]') as live,
       coalesce((select json_agg(json_build_array(l.reservation_id, i.ticket_type_id, i.quantity))
         from live l join reservation_items i using (reservation_id)), '[]') as lines,
       coalesce((select json_agg(json_build_array(reservation_id, seat_id))
         from seat_claims where event_id = $1 and ticket_id is null), '[]') as held,
       coalesce((select json_agg(seat_id) from seat_claims where event_id = $1 and ticket_id is not null), '[]') as sold`,
    [eventId],
  )
  if (!row) throw new Error('a select without a table has one row')
  const lines = Map.groupBy(row.lines, ([reservationId]) => reservationId)
  const seats = Map.groupBy(row.held, ([reservationId]) => reservationId)
  const holds = row.live.map(([reservationId, remainingMs]) => ({
    reservationId,
    remainingMs,
    lines: (lines.get(reservationId) ?? []).map(([, ticketTypeId, quantity]) => ({ ticketTypeId, quantity })),
    seats: plan
      ? numbersOf(
          plan,
          (seats.get(reservationId) ?? []).map(([, seatId]) => seatId),
        )
      : [],
  }))
  return { free: row.free, map: plan ? mapWithout(plan, row) : '', holds }
}

/** The map of an event's seats without those that are held. */
function mapWithout(plan: Plan, { closed, sold }: DrawnRow): string {
  const isClosed = new Set(closed)
  const statuses = Buffer.from(plan.seats.map(({ zoneId }) => (isClosed.has(zoneId) ? 'x' : '.')).join(''), 'latin1')
  for (const seat of numbersOf(plan, sold)) statuses.write('s', seat, 'latin1')
  return statuses.toString('latin1')
}
