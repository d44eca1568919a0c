import type { EventId, ReservationId, TicketTypeId } from '@boxoffice/contracts'
import type { Redis } from 'ioredis'
import type { Dependencies } from '../src/dependencies.ts'
import { readStatuses } from '../src/holds/seat-claim-repository.ts'
import { lockReservation } from '../src/reservations/reservation-repository.ts'

/** Reads and changes what is held and sold, in the stores themselves. */
export const createInventory = (deps: Dependencies, redis: Redis) => ({
  /** The seat map in Redis and in PostgreSQL. */
  async maps(eventId: EventId) {
    const cached = await deps.availabilityCache.readSeatMap(eventId)
    return { redis: cached?.statuses, postgres: (await readStatuses(deps.db, eventId)).statuses }
  },
  /** The counters of a type in the database. */
  async counters(typeId: TicketTypeId) {
    const { rows } = await deps.pool.query(
      'select capacity, held, sold from ticket_type_counters where ticket_type_id = $1',
      [typeId],
    )
    return rows[0] as { capacity: number; held: number; sold: number }
  },
  async statusOf(reservationId: ReservationId): Promise<string> {
    const { rows } = await deps.pool.query('select status from reservations where reservation_id = $1', [
      reservationId,
    ])
    return rows[0]?.status
  },
  /** Loses an order's claim, as if the payment service had said that it is not being paid. */
  async loseClaim({ reservationId }: { reservationId: ReservationId }) {
    const reservation = await deps.db.transact(async (tx) => {
      const claimed = await lockReservation(tx, reservationId)
      if (!claimed) throw new Error('not reserved')
      await deps.releases.release(tx, claimed, 'PAYING')
      return claimed
    })
    await deps.availabilityCache.release([reservation])
  },
  /** Expires a reservation in the database; Redis still counts it for a moment, as in reality. */
  async expire(reservationId: ReservationId) {
    const { rows } = await deps.pool.query(
      `update reservations set expires_at = clock_timestamp() - interval '1 second' where reservation_id = $1
       returning event_id`,
      [reservationId],
    )
    await redis.zadd(`tickets:{${rows[0]?.event_id}}:expiries`, 'XX', Date.now() + 3_000, reservationId)
  },
})
