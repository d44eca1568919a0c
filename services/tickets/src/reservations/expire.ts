import type { EventId, SeatId, TicketTypeId } from '@boxoffice/contracts'
import type { Tx } from '@boxoffice/service-kit'
import type { Released } from '../holds/commands.ts'
import { changeCounters } from '../holds/counter-repository.ts'
import type { SeatedLine } from '../holds/redis-picture.ts'
import { unclaimSeats } from '../holds/seat-claim-repository.ts'

export const EXPIRE_BATCH_MAX = 200

interface ExpiredLine extends Released {
  readonly ticketTypeId: TicketTypeId
  readonly quantity: number
}

/** ACTIVE → EXPIRED for a batch of what is over, the oldest first; what another transaction has at hand is passed over. */
export async function expireOldest(tx: Tx): Promise<Released[]> {
  return expire(
    tx,
    `select reservation_id from reservations where status = 'ACTIVE' and expires_at <= clock_timestamp()
     order by expires_at limit ${EXPIRE_BATCH_MAX} for update skip locked`,
    [],
  )
}

/** What stands in somebody's way: holds of these types, and holds of these seats. */
export interface InTheWay {
  readonly eventId: EventId
  readonly ticketTypeIds: readonly TicketTypeId[]
  readonly seatIds: readonly SeatId[]
}

/**
 * The same for whatever holds these types or seats, because somebody wants them now. `wait`: let a transaction that is at it
 * finish, so that what it frees is seen.
 */
export async function expireOf(tx: Tx, wanted: InTheWay, options: { wait: boolean }): Promise<Released[]> {
  return expire(
    tx,
    `select reservation_id from reservations r
     where event_id = $1 and status = 'ACTIVE' and expires_at <= clock_timestamp() and (
       exists (select from reservation_items i
               where i.reservation_id = r.reservation_id and i.ticket_type_id = any($2::uuid[]))
       or exists (select from seat_claims c
                  where c.reservation_id = r.reservation_id and c.event_id = $1 and c.seat_id = any($3::text[])))
     order by reservation_id limit ${EXPIRE_BATCH_MAX} for update ${options.wait ? '' : 'skip locked'}`,
    [wanted.eventId, wanted.ticketTypeIds, wanted.seatIds],
  )
}

/** What stands in the way of lines: of seated ones, the holds of their seats. */
export const inTheWayOf = (eventId: EventId, lines: readonly SeatedLine[]): InTheWay => ({
  eventId,
  ticketTypeIds: lines.filter(({ seatIds }) => !seatIds).map(({ ticketTypeId }) => ticketTypeId),
  seatIds: lines.flatMap(({ seatIds }) => seatIds ?? []),
})

async function expire(tx: Tx, chosen: string, values: unknown[]): Promise<Released[]> {
  const lines = await tx.query<ExpiredLine>(
    `with chosen as (${chosen}),
     expired as (
       update reservations r set status = 'EXPIRED' from chosen c
       where r.reservation_id = c.reservation_id and r.status = 'ACTIVE' returning r.reservation_id, r.event_id)
     select e.reservation_id as "reservationId", e.event_id as "eventId", i.ticket_type_id as "ticketTypeId", i.quantity
     from expired e join reservation_items i using (reservation_id)`,
    values,
  )
  await changeCounters(
    tx,
    lines.map(({ ticketTypeId, quantity }) => ({ ticketTypeId, held: -quantity, sold: 0 })),
  )
  if (lines.length > 0)
    await unclaimSeats(
      tx,
      lines.map(({ reservationId }) => reservationId),
    )
  const released = new Map(lines.map(({ reservationId, eventId }) => [reservationId, { reservationId, eventId }]))
  return [...released.values()]
}
