import type { EventId, OrderId, ReservationId, TicketTypeId, UserId } from '@boxoffice/contracts'
import type { Tx } from '@boxoffice/service-kit'
import { claimWanted } from '../holds/seat-claim-repository.ts'
import type { StoredReservation } from './reservation.ts'

const columns = `r.reservation_id as "reservationId", r.user_id as "userId", r.event_id as "eventId", r.currency, r.status,
  r.expires_at as "expiresAt", extract(epoch from r.expires_at - clock_timestamp())::float8 * 1000 as "remainingMs",
  r.created_at as "heldAt", r.order_id as "orderId",
  (select jsonb_agg(jsonb_build_object('ticketTypeId', i.ticket_type_id, 'quantity', i.quantity, 'unitPrice', i.unit_price_minor,
     'seatIds', i.seat_ids) order by i.ticket_type_id)
   from reservation_items i where i.reservation_id = r.reservation_id) as items`

export async function findReservation(tx: Tx, reservationId: ReservationId): Promise<StoredReservation | null> {
  const rows = await tx.query<StoredReservation>(`select ${columns} from reservations r where reservation_id = $1`, [
    reservationId,
  ])
  return rows[0] ?? null
}

/** The reservation, locked until the transaction ends. */
export async function lockReservation(tx: Tx, reservationId: ReservationId): Promise<StoredReservation | null> {
  const rows = await tx.query<StoredReservation>(`select ${columns} from reservations r where reservation_id = $1 for update`, [
    reservationId,
  ])
  return rows[0] ?? null
}

/** The reservation that an order claimed, locked. */
export async function lockReservationOfOrder(tx: Tx, orderId: OrderId): Promise<StoredReservation | null> {
  const rows = await tx.query<StoredReservation>(`select ${columns} from reservations r where order_id = $1 for update`, [
    orderId,
  ])
  return rows[0] ?? null
}

/**
 * Write a reservation with its lines, claim its seats and count them as held, in one statement; how long it lasts is counted
 * from the database's clock. The counters must be locked and suffice. Null when a seat is taken: then nothing is written.
 */
export async function insertReservation(
  tx: Tx,
  reservation: Pick<StoredReservation, 'reservationId' | 'userId' | 'eventId' | 'currency' | 'orderId' | 'items'>,
  seconds: number,
): Promise<{ expiresAt: Date; heldAt: Date } | null> {
  const { reservationId, userId, eventId, currency, orderId, items } = reservation
  const [row] = await tx.query<{ expiresAt: Date; heldAt: Date }>(
    `with lines as (
       select * from jsonb_to_recordset($7::jsonb)
         l("ticketTypeId" uuid, quantity int, "unitPrice" bigint, "seatIds" text[])),
     wanted as (select unnest("seatIds") as seat_id from lines),
     claimed as (${claimWanted('$1::uuid', '$3::uuid')}),
     reserved as (
       insert into reservations (reservation_id, user_id, event_id, currency, order_id, status, expires_at)
       select $1::uuid, $2::uuid, $3::uuid, $4, $5::uuid, case when $5::uuid is null then 'ACTIVE' else 'PAYING' end,
         clock_timestamp() + make_interval(secs => $6)
       where (select count(*) from claimed) = (select count(*) from wanted)
       returning expires_at, created_at),
     itemized as (
       insert into reservation_items (reservation_id, event_id, ticket_type_id, quantity, unit_price_minor, seat_ids)
       select $1::uuid, $3::uuid, "ticketTypeId", quantity, "unitPrice", "seatIds" from lines
       where exists (select from reserved)),
     counted as (
       update ticket_type_counters c set held = c.held + l.quantity, updated_at = clock_timestamp()
       from lines l where c.ticket_type_id = l."ticketTypeId" and exists (select from reserved))
     select expires_at as "expiresAt", created_at as "heldAt" from reserved`,
    [reservationId, userId, eventId, currency, orderId, seconds, JSON.stringify(items)],
  )
  return row ?? null
}

/** ACTIVE → PAYING for an order; it lasts at least `seconds` from now. The reservation must be locked. */
export async function claimForOrder(tx: Tx, reservationId: ReservationId, orderId: OrderId, seconds: number): Promise<Date> {
  const [row] = await tx.query<{ expiresAt: Date }>(
    `update reservations set status = 'PAYING', order_id = $2,
       expires_at = greatest(expires_at, clock_timestamp() + make_interval(secs => $3))
     where reservation_id = $1 and status = 'ACTIVE' returning expires_at as "expiresAt"`,
    [reservationId, orderId, seconds],
  )
  if (!row) throw new Error(`reservation ${reservationId} is not ACTIVE`)
  return row.expiresAt
}

/** Move a locked reservation along, and when that was; it must be in the state that was read. */
export async function moveReservation(
  tx: Tx,
  reservationId: ReservationId,
  from: 'ACTIVE' | 'PAYING',
  to: 'COMPLETED' | 'CANCELLED',
): Promise<{ heldAt: Date; movedAt: Date }> {
  const [moved] = await tx.query<{ heldAt: Date; movedAt: Date }>(
    `update reservations set status = $3 where reservation_id = $1 and status = $2
     returning created_at as "heldAt", clock_timestamp() as "movedAt"`,
    [reservationId, from, to],
  )
  if (!moved) throw new Error(`reservation ${reservationId} is not ${from}`)
  return moved
}

/**
 * Hold an ACTIVE reservation for `seconds` from now, but for no longer than `maxSeconds` since it was made; null when that gives it no
 * more time. The reservation must be locked.
 */
export async function extendHold(
  tx: Tx,
  reservationId: ReservationId,
  { seconds, maxSeconds }: { seconds: number; maxSeconds: number },
): Promise<{ expiresAt: Date; remainingMs: number } | null> {
  const until = 'least(clock_timestamp() + make_interval(secs => $2), created_at + make_interval(secs => $3))'
  const [row] = await tx.query<{ expiresAt: Date; remainingMs: number }>(
    `update reservations set expires_at = ${until}
     where reservation_id = $1 and status = 'ACTIVE' and expires_at < ${until}
     returning expires_at as "expiresAt", extract(epoch from expires_at - clock_timestamp())::float8 * 1000 as "remainingMs"`,
    [reservationId, seconds, maxSeconds],
  )
  return row ?? null
}

const isLiveSql = `(status = 'PAYING' or (status = 'ACTIVE' and expires_at > clock_timestamp()))`

/** A buyer's live reservations, of one event where it is given, the newest first, from a position on. */
export const listLiveOf = (
  tx: Tx,
  of: { userId: UserId; eventId: EventId | null },
  limit: number,
  after: { heldAt: Date; reservationId: string } | null,
): Promise<StoredReservation[]> =>
  tx.query<StoredReservation>(
    `select ${columns} from reservations r
     where user_id = $1 and ($2::uuid is null or event_id = $2) and ${isLiveSql}
       and ($4::timestamptz is null or (created_at, reservation_id) < ($4, $5::uuid))
     order by created_at desc, reservation_id desc limit $3`,
    [of.userId, of.eventId, limit, after?.heldAt ?? null, after?.reservationId ?? null],
  )

/**
 * What a buyer has of an event: live reservations, the oldest first, and by type what is held or was bought. What they passed on counts, what they
 * received or what was given back does not. The buyer must be locked.
 */
export async function countOfBuyer(tx: Tx, eventId: EventId, userId: UserId) {
  const [row] = await tx.query<{ live: ReservationId[] | null; byType: Record<TicketTypeId, number> | null }>(
    `with live as (
       select reservation_id, created_at from reservations where event_id = $1 and user_id = $2 and ${isLiveSql}),
     had as (
       select i.ticket_type_id, i.quantity from live join reservation_items i using (reservation_id)
       union all
       select ticket_type_id, 1 from tickets
       where event_id = $1 and user_id = $2 and ticket_id = root_ticket_id and status <> 'CANCELLED'
         and refund_id is null)
     select (select jsonb_agg(reservation_id order by created_at, reservation_id) from live) as live,
       (select jsonb_object_agg(ticket_type_id, quantity)
        from (select ticket_type_id, sum(quantity) as quantity from had group by ticket_type_id) t) as "byType"`,
    [eventId, userId],
  )
  return { live: row?.live ?? [], byType: row?.byType ?? {} }
}
