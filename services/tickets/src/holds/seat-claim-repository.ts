import type { EventId, ReservationId, SeatId, TicketId, TicketTypeId } from '@boxoffice/contracts'
import type { Tx } from '@boxoffice/service-kit'

/**
 * SQL of a `with` query that claims every seat of `wanted(seat_id)` or none. The primary key decides. The counter of a seat's
 * type is locked before its claim, so that what is seen here is settled; sorted in any case, no two wait for each other.
 */
export const claimWanted = (reservationId: string, eventId: string) => `
  insert into seat_claims (event_id, seat_id, reservation_id)
  select ${eventId}, w.seat_id, ${reservationId} from wanted w
  where not exists (select from seat_claims c join wanted using (seat_id) where c.event_id = ${eventId})
  order by w.seat_id
  on conflict (event_id, seat_id) do nothing returning seat_id`

/** Claim these seats for a reservation that is there, all or none; whether it has them. */
export async function claimSeats(
  tx: Tx,
  { eventId, reservationId }: { eventId: EventId; reservationId: ReservationId },
  seatIds: readonly SeatId[],
): Promise<boolean> {
  const claimed = await tx.query(`with wanted as (select unnest($3::text[]) as seat_id) ${claimWanted('$1::uuid', '$2::uuid')}`, [
    reservationId,
    eventId,
    seatIds,
  ])
  if (claimed.length !== 0 && claimed.length !== seatIds.length)
    throw new Error(`some seats of ${eventId} were taken under a lock`)
  return claimed.length === seatIds.length
}

/** Which of these seats somebody has. */
export async function listClaimed(tx: Tx, eventId: EventId, seatIds: readonly SeatId[]): Promise<SeatId[]> {
  if (seatIds.length === 0) return []
  const rows = await tx.query<{ seatId: SeatId }>(
    `select seat_id as "seatId" from seat_claims where event_id = $1 and seat_id = any($2::text[]) order by seat_id`,
    [eventId, seatIds],
  )
  return rows.map(({ seatId }) => seatId)
}

/** The seats of these reservations are free, those that were sold excepted. */
export const unclaimSeats = (tx: Tx, reservationIds: readonly ReservationId[]) =>
  tx.query('delete from seat_claims where reservation_id = any($1::uuid[]) and ticket_id is null', [reservationIds])

/** The claimed seats of a reservation are sold as these tickets. */
export async function sellSeats(
  tx: Tx,
  { eventId, reservationId }: { eventId: EventId; reservationId: ReservationId },
  sold: readonly { seatId: SeatId; ticketId: TicketId }[],
): Promise<void> {
  const rows = await tx.query(
    `update seat_claims c set ticket_id = s.ticket_id
     from unnest($3::text[], $4::uuid[]) s(seat_id, ticket_id)
     where c.event_id = $1 and c.seat_id = s.seat_id and c.reservation_id = $2 and c.ticket_id is null returning c.seat_id`,
    [eventId, reservationId, sold.map(({ seatId }) => seatId), sold.map(({ ticketId }) => ticketId)],
  )
  if (rows.length !== sold.length) throw new Error(`reservation ${reservationId} does not hold the seats it sells`)
}

/** A seat that is free again although it was sold. */
export interface FreedSeat {
  readonly eventId: EventId
  readonly seatId: SeatId
  readonly seat: number
  readonly ticketTypeId: TicketTypeId
  readonly reservationId: ReservationId
}

/** The seats that were sold as these tickets, as they were issued, are free. */
export const unsellSeats = (tx: Tx, ticketIds: readonly TicketId[]): Promise<FreedSeat[]> =>
  tx.query<FreedSeat>(
    `with freed as (
       delete from seat_claims where ticket_id = any($1::uuid[]) returning event_id, seat_id, reservation_id, ticket_id)
     select f.event_id as "eventId", f.seat_id as "seatId", s.seat_index as seat, f.reservation_id as "reservationId",
       t.ticket_type_id as "ticketTypeId"
     from freed f join seats s using (event_id, seat_id) join tickets t using (ticket_id)`,
    [ticketIds],
  )

/** SQL: the map of an event's seats, one character each in plan order; null without any. */
export const statusesOf = (eventId: string) => `
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

/** The map of an event's seats as of now; a hold whose time is over is free, whether it was swept or not. */
export async function readStatuses(tx: Tx, eventId: EventId): Promise<{ statuses: string; asOf: Date }> {
  const [row] = await tx.query<{ statuses: string; asOf: Date }>(
    `select coalesce(${statusesOf('$1')}, '') as statuses, clock_timestamp() as "asOf"`,
    [eventId],
  )
  if (!row) throw new Error('a select without a table has one row')
  return row
}
