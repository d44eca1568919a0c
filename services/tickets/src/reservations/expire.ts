import type { EventId, SeatId, TicketTypeId } from '@boxoffice/contracts'
import type { AppendAll } from '@boxoffice/messaging'
import type { Tx } from '@boxoffice/service-kit'
import type { Released } from '../holds/commands.ts'
import { changeCounters } from '../holds/counter-repository.ts'
import type { SeatedLine } from '../holds/redis-picture.ts'
import { unclaimSeats } from '../holds/seat-claim-repository.ts'
import { type EndedReservation, tellReleased } from './tell-released.ts'

/** What stands in the way is many at once; the sweep holds up the sale for no longer than a group of holds does. */
const IN_THE_WAY_MAX = 200
export const SWEEP_BATCH_MAX = 50

/** What stands in somebody's way: holds of these types, and holds of these seats. */
export interface InTheWay {
  readonly eventId: EventId
  readonly ticketTypeIds: readonly TicketTypeId[]
  readonly seatIds: readonly SeatId[]
}

/** ACTIVE → EXPIRED in batches; each that expires is told of, once. */
export function createExpiry({ appendAll }: { appendAll: AppendAll }) {
  /** A batch of what is over, the oldest first; what another transaction has at hand is passed over. */
  const expireOldest = (tx: Tx): Promise<Released[]> =>
    expire(
      tx,
      `select reservation_id from reservations where status = 'ACTIVE' and expires_at <= clock_timestamp()
       order by expires_at limit ${SWEEP_BATCH_MAX} for update skip locked`,
      [],
    )

  /**
   * Whatever holds these types or seats, because somebody wants them now. `wait`: let a transaction that is at it finish, so
   * that what it frees is seen.
   */
  const expireOf = (tx: Tx, wanted: InTheWay, options: { wait: boolean }): Promise<Released[]> =>
    expire(
      tx,
      `select reservation_id from reservations r
       where event_id = $1 and status = 'ACTIVE' and expires_at <= clock_timestamp() and (
         exists (select from reservation_items i
                 where i.reservation_id = r.reservation_id and i.ticket_type_id = any($2::uuid[]))
         or exists (select from seat_claims c
                    where c.reservation_id = r.reservation_id and c.event_id = $1 and c.seat_id = any($3::text[])))
       order by reservation_id limit ${IN_THE_WAY_MAX} for update ${options.wait ? '' : 'skip locked'}`,
      [wanted.eventId, wanted.ticketTypeIds, wanted.seatIds],
    )

  async function expire(tx: Tx, chosen: string, values: unknown[]): Promise<Released[]> {
    const expired = await markExpired(tx, chosen, values)
    if (expired.length === 0) return []
    // Before the counters are locked, which everybody waits for.
    await tellReleased(appendAll, tx, expired)
    await changeCounters(
      tx,
      expired.flatMap(({ items }) => items.map(({ ticketTypeId, quantity }) => ({ ticketTypeId, held: -quantity, sold: 0 }))),
    )
    await unclaimSeats(
      tx,
      expired.map(({ reservationId }) => reservationId),
    )
    return expired
  }

  return { expireOldest, expireOf }
}
export type Expiry = ReturnType<typeof createExpiry>

/** What stands in the way of lines: of seated ones, the holds of their seats. */
export const inTheWayOf = (eventId: EventId, lines: readonly SeatedLine[]): InTheWay => ({
  eventId,
  ticketTypeIds: lines.filter(({ seatIds }) => !seatIds).map(({ ticketTypeId }) => ticketTypeId),
  seatIds: lines.flatMap(({ seatIds }) => seatIds ?? []),
})

const markExpired = (tx: Tx, chosen: string, values: unknown[]): Promise<EndedReservation[]> =>
  tx.query<EndedReservation>(
    `with chosen as (${chosen}),
     expired as (
       update reservations r set status = 'EXPIRED' from chosen c
       where r.reservation_id = c.reservation_id and r.status = 'ACTIVE'
       returning r.reservation_id, r.event_id, r.user_id, r.created_at)
     select e.reservation_id as "reservationId", e.event_id as "eventId", e.user_id as "userId", 'EXPIRED' as outcome,
       e.created_at as "heldAt", clock_timestamp() as "releasedAt",
       (select jsonb_agg(jsonb_build_object('ticketTypeId', i.ticket_type_id, 'quantity', i.quantity) order by i.ticket_type_id)
        from reservation_items i where i.reservation_id = e.reservation_id) as items
     from expired e`,
    values,
  )
