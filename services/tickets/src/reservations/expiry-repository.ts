import type { EventId, OrderId, ReservationId } from '@boxoffice/contracts'
import type { Sql, Tx } from '@boxoffice/service-kit'
import type { WantedPlaces } from './hold-attempt.ts'
import type { EndedReservation } from './publish-released.ts'

/**
 * Marks up to `max` overdue holds as EXPIRED, oldest first; skips those that another transaction has locked.
 */
export const markOldestExpired = (tx: Tx, max: number): Promise<EndedReservation[]> =>
  markExpired(
    tx,
    `select reservation_id from reservations where status = 'ACTIVE' and expires_at <= clock_timestamp()
     order by expires_at limit ${max} for update skip locked`,
    [],
  )

/**
 * Marks up to `max` overdue holds of these types or seats as EXPIRED. `wait`: also those that another
 * transaction has locked.
 */
export const markExpiredOf = (
  tx: Tx,
  { eventId, ticketTypeIds, seatIds }: WantedPlaces,
  { wait, max }: { wait: boolean; max: number },
): Promise<EndedReservation[]> =>
  markExpired(
    tx,
    `select reservation_id from reservations r
     where event_id = $1 and status = 'ACTIVE' and expires_at <= clock_timestamp() and (
       exists (select from reservation_items i
               where i.reservation_id = r.reservation_id and i.ticket_type_id = any($2::uuid[]))
       or exists (select from seat_claims c
                  where c.reservation_id = r.reservation_id and c.event_id = $1
                    and c.seat_id = any($3::text[])))
     order by reservation_id limit ${max} for update ${wait ? '' : 'skip locked'}`,
    [eventId, ticketTypeIds, seatIds],
  )

const markExpired = (tx: Tx, chosen: string, values: unknown[]): Promise<EndedReservation[]> =>
  tx.query<EndedReservation>(
    `with chosen as (${chosen}),
     expired as (
       update reservations r set status = 'EXPIRED' from chosen c
       where r.reservation_id = c.reservation_id and r.status = 'ACTIVE'
       returning r.reservation_id, r.event_id, r.user_id, r.created_at)
     select e.reservation_id as "reservationId", e.event_id as "eventId", e.user_id as "userId",
       'EXPIRED' as outcome, e.created_at as "heldAt", clock_timestamp() as "releasedAt",
       (select jsonb_agg(jsonb_build_object('ticketTypeId', i.ticket_type_id, 'quantity', i.quantity)
         order by i.ticket_type_id)
        from reservation_items i where i.reservation_id = e.reservation_id) as items
     from expired e`,
    values,
  )

/** A claim past its deadline. */
interface Overdue {
  readonly reservationId: ReservationId
  readonly orderId: OrderId
  readonly eventId: EventId
}

/** Returns claims past their deadline, oldest first. */
export const listOverdueClaims = (tx: Tx, max: number): Promise<Overdue[]> =>
  tx.query<Overdue>(
    `select reservation_id as "reservationId", order_id as "orderId", event_id as "eventId" from reservations
     where status = 'PAYING' and expires_at <= clock_timestamp() order by expires_at limit ${max}`,
  )

/** Extends an overdue claim by `seconds` from now. */
export const extendClaim = (tx: Tx, reservationId: ReservationId, seconds: number) =>
  tx.query(
    `update reservations set expires_at = clock_timestamp() + make_interval(secs => $2)
     where reservation_id = $1 and status = 'PAYING' and expires_at <= clock_timestamp()`,
    [reservationId, seconds],
  )

/** Counts the reservations that hold places, by status. */
export const countLiveReservations = (sql: Sql): Promise<{ status: string; count: number }[]> =>
  sql.query<{ status: string; count: number }>(
    `select status, count(*)::int as count from reservations where status in ('ACTIVE', 'PAYING')
     group by status`,
  )
