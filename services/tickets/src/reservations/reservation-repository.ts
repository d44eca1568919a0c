import type { EventId, OrderId, ReservationId, TicketTypeId, UserId } from '@boxoffice/contracts'
import type { Sql, Tx } from '@boxoffice/service-kit'
import type { StoredReservation } from './reservation.ts'

const columns = `r.reservation_id as "reservationId", r.user_id as "userId", r.event_id as "eventId",
  r.currency, r.status, r.expires_at as "expiresAt",
  extract(epoch from r.expires_at - clock_timestamp())::float8 * 1000 as "remainingMs",
  r.created_at as "heldAt", r.order_id as "orderId",
  (select jsonb_agg(jsonb_build_object('ticketTypeId', i.ticket_type_id, 'quantity', i.quantity,
     'unitPrice', i.unit_price_minor, 'seatIds', i.seat_ids) order by i.ticket_type_id)
   from reservation_items i where i.reservation_id = r.reservation_id) as items`

export async function findReservation(
  sql: Sql,
  reservationId: ReservationId,
): Promise<StoredReservation | null> {
  const rows = await sql.query<StoredReservation>(
    `select ${columns} from reservations r where reservation_id = $1`,
    [reservationId],
  )
  return rows[0] ?? null
}

/** Returns the reservation, locked until the transaction ends. */
export async function lockReservation(
  tx: Tx,
  reservationId: ReservationId,
): Promise<StoredReservation | null> {
  const [reservation] = await lockReservations(tx, [reservationId])
  return reservation ?? null
}

/** Whether an order has a reservation, in whatever state. */
export async function hasReservation(tx: Tx, orderId: OrderId): Promise<boolean> {
  return (await tx.query('select from reservations where order_id = $1', [orderId])).length > 0
}

export const lockReservations = (tx: Tx, ids: readonly ReservationId[]): Promise<StoredReservation[]> =>
  tx.query<StoredReservation>(
    `select ${columns} from reservations r where reservation_id = any($1::uuid[]) order by reservation_id
     for update`,
    [ids],
  )

/** Returns the reservation that an order claimed, locked. */
export async function lockReservationOfOrder(tx: Tx, orderId: OrderId): Promise<StoredReservation | null> {
  const rows = await tx.query<StoredReservation>(
    `select ${columns} from reservations r where order_id = $1 for update`,
    [orderId],
  )
  return rows[0] ?? null
}

/** Returns which of these reservations exist; they stay locked. */
export async function listExisting(tx: Tx, ids: readonly ReservationId[]): Promise<ReservationId[]> {
  const rows = await tx.query<{ reservationId: ReservationId }>(
    `select reservation_id as "reservationId" from reservations
     where reservation_id = any($1::uuid[]) order by reservation_id for update`,
    [ids],
  )
  return rows.map(({ reservationId }) => reservationId)
}

/** A reservation to be inserted, and how long it lasts from now. */
export type NewReservation = Pick<
  StoredReservation,
  'reservationId' | 'userId' | 'eventId' | 'currency' | 'orderId' | 'items'
> & { readonly seconds: number }

/**
 * Inserts reservations with their lines and claims their seats, in one statement; returns the time by the
 * database's clock. Rejects with a violation of `seat_claims_pkey` when a seat is taken; then nothing is
 * written.
 */
export async function insertReservations(tx: Tx, reservations: readonly NewReservation[]): Promise<Date> {
  const lines = reservations.flatMap(({ reservationId, eventId, items }) =>
    items.map((item) => ({ reservationId, eventId, ...item })),
  )
  const [row] = await tx.query<{ heldAt: Date }>(
    `with at as materialized (select clock_timestamp()::timestamptz(3) as now),
     line as (
       select * from json_to_recordset($7::json)
         l("reservationId" uuid, "eventId" uuid, "ticketTypeId" uuid, quantity int, "unitPrice" bigint,
           "seatIds" text[])),
     itemized as (
       insert into reservation_items (reservation_id, event_id, ticket_type_id, quantity, unit_price_minor,
         seat_ids)
       select "reservationId", "eventId", "ticketTypeId", quantity, "unitPrice", "seatIds" from line),
     claimed as (
       insert into seat_claims (event_id, seat_id, reservation_id)
       select "eventId", seat_id, "reservationId" from line, unnest("seatIds") seat_id
       order by "eventId", seat_id),
     reserved as (
       insert into reservations (reservation_id, user_id, event_id, currency, order_id, status,
         expires_at, created_at)
       select reservation_id, user_id, event_id, currency, order_id,
         case when order_id is null then 'ACTIVE' else 'PAYING' end,
         now + make_interval(secs => seconds), now
       from at, unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::uuid[], $6::int[])
         r(reservation_id, user_id, event_id, currency, order_id, seconds))
     select now as "heldAt" from at`,
    [
      reservations.map(({ reservationId }) => reservationId),
      reservations.map(({ userId }) => userId),
      reservations.map(({ eventId }) => eventId),
      reservations.map(({ currency }) => currency),
      reservations.map(({ orderId }) => orderId),
      reservations.map(({ seconds }) => seconds),
      JSON.stringify(lines),
    ],
  )
  if (!row) throw new Error('the clock has one row')
  return row.heldAt
}

/** Moves a locked reservation from ACTIVE to PAYING for an order; it lasts at least `seconds` from now. */
export async function claimForOrder(
  tx: Tx,
  reservationId: ReservationId,
  orderId: OrderId,
  seconds: number,
): Promise<Date> {
  const [row] = await tx.query<{ expiresAt: Date }>(
    `update reservations set status = 'PAYING', order_id = $2,
       expires_at = greatest(expires_at, clock_timestamp() + make_interval(secs => $3))
     where reservation_id = $1 and status = 'ACTIVE' returning expires_at as "expiresAt"`,
    [reservationId, orderId, seconds],
  )
  if (!row) throw new Error(`reservation ${reservationId} is not ACTIVE`)
  return row.expiresAt
}

/**
 * Moves a locked reservation to another status and returns when; throws unless it has the expected status.
 */
export async function moveReservation(
  tx: Tx,
  reservationId: ReservationId,
  from: 'ACTIVE' | 'PAYING',
  to: 'COMPLETED' | 'CANCELLED',
): Promise<{ heldAt: Date; movedAt: Date }> {
  const [moved] = await moveReservations(tx, [reservationId], from, to)
  return moved as { heldAt: Date; movedAt: Date }
}

/** Moves several reservations, in any order. */
export async function moveReservations(
  tx: Tx,
  ids: readonly ReservationId[],
  from: 'ACTIVE' | 'PAYING',
  to: 'COMPLETED' | 'CANCELLED',
): Promise<{ reservationId: ReservationId; heldAt: Date; movedAt: Date }[]> {
  const moved = await tx.query<{ reservationId: ReservationId; heldAt: Date; movedAt: Date }>(
    `update reservations set status = $3 where reservation_id = any($1::uuid[]) and status = $2
     returning reservation_id as "reservationId", created_at as "heldAt", clock_timestamp() as "movedAt"`,
    [ids, from, to],
  )
  if (moved.length !== ids.length)
    throw new Error(`not all of the reservations ${ids.join(', ')} are ${from}`)
  return moved
}

/**
 * Extends an ACTIVE, locked reservation to `seconds` from now, but at most to `maxSeconds` after it was made;
 * null if that adds no time.
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
     returning expires_at as "expiresAt",
       extract(epoch from expires_at - clock_timestamp())::float8 * 1000 as "remainingMs"`,
    [reservationId, seconds, maxSeconds],
  )
  return row ?? null
}

const isLiveSql = `(status = 'PAYING' or (status = 'ACTIVE' and expires_at > clock_timestamp()))`

/** Returns a buyer's live reservations, newest first, from a position on; of one event if given. */
export const listLiveOf = (
  sql: Sql,
  of: { userId: UserId; eventId: EventId | null },
  limit: number,
  after: { heldAt: Date; reservationId: string } | null,
): Promise<StoredReservation[]> =>
  sql.query<StoredReservation>(
    `select ${columns} from reservations r
     where user_id = $1 and ($2::uuid is null or event_id = $2) and ${isLiveSql}
       and ($4::timestamptz is null or (created_at, reservation_id) < ($4, $5::uuid))
     order by created_at desc, reservation_id desc limit $3`,
    [of.userId, of.eventId, limit, after?.heldAt ?? null, after?.reservationId ?? null],
  )

/** Tickets of one type that a buyer holds or has bought of an event. */
export interface BuyersTickets {
  readonly eventId: EventId
  readonly userId: UserId
  readonly reservationId: ReservationId | null
  readonly ticketTypeId: TicketTypeId
  readonly quantity: number
}

/**
 * Returns what these buyers have of their events, oldest reservation first. Tickets that they passed on
 * count; received and refunded ones do not. The buyers must be locked and distinct.
 */
export const listTicketsOfBuyers = (
  tx: Tx,
  buyers: readonly { eventId: EventId; userId: UserId }[],
): Promise<BuyersTickets[]> =>
  tx.query<BuyersTickets>(
    // One lookup per buyer: a join would be planned as a scan of everything written in the first minute of a
    // sale.
    `select event_id as "eventId", user_id as "userId", reservation_id as "reservationId",
       ticket_type_id as "ticketTypeId", quantity
     from unnest($1::uuid[], $2::uuid[]) buyer(event_id, user_id)
       cross join lateral (
         select reservation_id, r.created_at, i.ticket_type_id, i.quantity
         from reservations r join reservation_items i using (reservation_id)
         where r.event_id = buyer.event_id and r.user_id = buyer.user_id and ${isLiveSql}
         union all
         select null, null, ticket_type_id, 1 from tickets t
         where t.event_id = buyer.event_id and t.user_id = buyer.user_id and ticket_id = root_ticket_id
           and status <> 'CANCELLED' and refund_id is null
         offset 0) had
     order by created_at, reservation_id`,
    [buyers.map(({ eventId }) => eventId), buyers.map(({ userId }) => userId)],
  )
