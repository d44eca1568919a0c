import type { EventId, ReservationId, SeatId, TicketTypeId } from '@boxoffice/contracts'
import type { Sql } from '@boxoffice/service-kit'
import { numbersOf, type Plan } from '../plans/plan.ts'
import { PAYING_EXTRA_MS, type Snapshot } from './commands.ts'

/** The last four columns are JSON text, parsed in parts. */
interface SnapshotRow {
  free: Snapshot['free']
  /** Zones that no type sells. */
  closed: number[]
  live: string
  lines: string
  held: string
  sold: string
}
type Live = [ReservationId, number]
type HeldLine = [ReservationId, TicketTypeId, number]
type HeldSeat = [ReservationId, SeatId]

const HOLDS_AT_ONCE = 5_000

/**
 * Reads what Redis should show of an event, in one statement and so as of one moment. `plan`: for an event
 * with seats. A sold-out hall is megabytes, so the event loop is yielded to between its parts.
 */
export async function readSnapshot(sql: Sql, eventId: EventId, plan: Plan | null): Promise<Snapshot> {
  // Flat lists, joined here: the planner has no good statistics on rows that a crowd has just written, and of
  // a hall only the taken seats need to be read.
  const [row] = await sql.query<SnapshotRow>(
    `with live as (
       select reservation_id, case status
           when 'PAYING' then
             greatest(extract(epoch from expires_at - clock_timestamp()) * 1000, 0) + ${PAYING_EXTRA_MS}
           else extract(epoch from expires_at - clock_timestamp()) * 1000 end as remaining_ms
       from reservations where event_id = $1 and status in ('ACTIVE', 'PAYING'))
     select
       coalesce((select json_agg(json_build_object('ticketTypeId', ticket_type_id,
         'count', capacity - held - sold))
         from ticket_type_counters where event_id = $1), '[]') as free,
       coalesce((select json_agg(zone_id) from seating_zones
         where event_id = $1 and ticket_type_id is null), '[]') as closed,
       coalesce((select json_agg(json_build_array(reservation_id, remaining_ms))::text
         from live), '[]') as live,
       coalesce((select json_agg(json_build_array(l.reservation_id, i.ticket_type_id, i.quantity))::text
         from live l join reservation_items i using (reservation_id)), '[]') as lines,
       coalesce((select json_agg(json_build_array(reservation_id, seat_id))::text
         from seat_claims where event_id = $1 and ticket_id is null), '[]') as held,
       coalesce((select json_agg(seat_id)::text
         from seat_claims where event_id = $1 and ticket_id is not null), '[]') as sold`,
    [eventId],
  )
  if (!row) throw new Error('a select without a table has one row')
  const lines = Map.groupBy(JSON.parse(row.lines) as HeldLine[], ([reservationId]) => reservationId)
  await yieldToEventLoop()
  const seats = Map.groupBy(JSON.parse(row.held) as HeldSeat[], ([reservationId]) => reservationId)
  await yieldToEventLoop()
  const live = JSON.parse(row.live) as Live[]
  const holds: Snapshot['holds'][number][] = []
  for (let from = 0; from < live.length; from += HOLDS_AT_ONCE) {
    await yieldToEventLoop()
    for (const [reservationId, remainingMs] of live.slice(from, from + HOLDS_AT_ONCE)) {
      const seatIds = (seats.get(reservationId) ?? []).map(([, seatId]) => seatId)
      holds.push({
        reservationId,
        remainingMs,
        lines: (lines.get(reservationId) ?? []).map(([, ticketTypeId, quantity]) => ({
          ticketTypeId,
          quantity,
        })),
        seats: plan ? numbersOf(plan, seatIds) : [],
      })
    }
  }
  await yieldToEventLoop()
  return { free: row.free, map: plan ? mapWithout(plan, row.closed, JSON.parse(row.sold)) : '', holds }
}

const yieldToEventLoop = () => new Promise(setImmediate)

/** Returns the map of an event's seats without those that are held. */
function mapWithout(plan: Plan, closed: readonly number[], sold: readonly SeatId[]): string {
  const isClosed = new Set(closed)
  const statuses = Buffer.from(
    plan.seats.map(({ zoneId }) => (isClosed.has(zoneId) ? 'x' : '.')).join(''),
    'latin1',
  )
  for (const seat of numbersOf(plan, sold)) statuses.write('s', seat, 'latin1')
  return statuses.toString('latin1')
}
