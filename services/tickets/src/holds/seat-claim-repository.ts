import type { EventId, ReservationId, SeatId, TicketId, TicketTypeId } from '@boxoffice/contracts'
import type { Sql, Tx } from '@boxoffice/service-kit'

/** A seat of an event. */
export interface SeatOfEvent {
  readonly eventId: EventId
  readonly seatId: SeatId
}

/**
 * Claims free seats for an existing reservation, all or none; returns whether it has them. The primary key
 * decides.
 */
export async function claimSeats(
  tx: Tx,
  { eventId, reservationId }: { eventId: EventId; reservationId: ReservationId },
  seatIds: readonly SeatId[],
): Promise<boolean> {
  const claimed = await tx.query(
    `insert into seat_claims (event_id, seat_id, reservation_id)
     select $2, w.seat_id, $1 from unnest($3::text[]) w(seat_id)
     where not exists (select from seat_claims where event_id = $2 and seat_id = any($3::text[]))
     order by w.seat_id returning seat_id`,
    [reservationId, eventId, seatIds],
  )
  return claimed.length === seatIds.length
}

/** Returns which of these seats are claimed. */
export const listClaimed = (sql: Sql, seats: readonly SeatOfEvent[]): Promise<SeatOfEvent[]> =>
  sql.query<SeatOfEvent>(
    `select event_id as "eventId", seat_id as "seatId"
     from unnest($1::uuid[], $2::text[]) w(event_id, seat_id) join seat_claims using (event_id, seat_id)
     order by seat_id`,
    [seats.map(({ eventId }) => eventId), seats.map(({ seatId }) => seatId)],
  )

/** Frees the seats of these reservations, except those that were sold. */
export const unclaimSeats = (tx: Tx, reservationIds: readonly ReservationId[]) =>
  tx.query('delete from seat_claims where reservation_id = any($1::uuid[]) and ticket_id is null', [
    reservationIds,
  ])

/** Marks the claimed seats of a reservation as sold as these tickets. */
export async function sellSeats(
  tx: Tx,
  { eventId, reservationId }: { eventId: EventId; reservationId: ReservationId },
  sold: readonly { seatId: SeatId; ticketId: TicketId }[],
): Promise<void> {
  const rows = await tx.query(
    `update seat_claims c set ticket_id = s.ticket_id
     from unnest($3::text[], $4::uuid[]) s(seat_id, ticket_id)
     where c.event_id = $1 and c.seat_id = s.seat_id and c.reservation_id = $2 and c.ticket_id is null
     returning c.seat_id`,
    [eventId, reservationId, sold.map(({ seatId }) => seatId), sold.map(({ ticketId }) => ticketId)],
  )
  if (rows.length !== sold.length)
    throw new Error(`reservation ${reservationId} does not hold the seats to be sold`)
}

/** A seat that was sold and is free again. */
export interface FreedSeat {
  readonly eventId: EventId
  readonly seatId: SeatId
  readonly seat: number
  readonly ticketTypeId: TicketTypeId
  readonly reservationId: ReservationId
}

/** Frees the seats that were sold as these tickets. Takes the tickets as originally issued. */
export const unsellSeats = (tx: Tx, ticketIds: readonly TicketId[]): Promise<FreedSeat[]> =>
  tx.query<FreedSeat>(
    `with freed as (
       delete from seat_claims where ticket_id = any($1::uuid[]) returning event_id, seat_id,
         reservation_id, ticket_id)
     select f.event_id as "eventId", f.seat_id as "seatId", s.seat_index as seat,
       f.reservation_id as "reservationId", t.ticket_type_id as "ticketTypeId"
     from freed f join seats s using (event_id, seat_id) join tickets t using (ticket_id)`,
    [ticketIds],
  )

/** SQL: the map of an event's seats, one character per seat in plan order; null without seats. */
const statusesOf = (eventId: string) => `
  (select string_agg(case
       when z.ticket_type_id is null then 'x'
       when c.seat_id is null then '.'
       when c.ticket_id is not null then 's'
       when r.status = 'PAYING' or r.expires_at > clock_timestamp() then 'h'
       else '.' end, '' order by s.seat_index)
   from seats s join seating_zones z using (event_id, zone_id)
     left join seat_claims c on c.event_id = s.event_id and c.seat_id = s.seat_id
     left join reservations r on r.reservation_id = c.reservation_id
   where s.event_id = ${eventId})`

/** Reads the map of an event's seats as of now; expired holds count as free, swept or not. */
export async function readStatuses(sql: Sql, eventId: EventId): Promise<{ statuses: string; asOf: Date }> {
  const [row] = await sql.query<{ statuses: string; asOf: Date }>(
    `select coalesce(${statusesOf('$1')}, '') as statuses, clock_timestamp() as "asOf"`,
    [eventId],
  )
  if (!row) throw new Error('a select without a table has one row')
  return row
}
