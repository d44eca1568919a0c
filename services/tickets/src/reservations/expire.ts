import type { EventId } from '@boxoffice/contracts'
import type { AppendAll } from '@boxoffice/messaging'
import type { Tx } from '@boxoffice/service-kit'
import type { Released, SeatedLine } from '../holds/commands.ts'
import { changeCounters } from '../holds/counter-repository.ts'
import { unclaimSeats } from '../holds/seat-claim-repository.ts'
import { markExpiredOf, markOldestExpired } from './expiry-repository.ts'
import type { InTheWay } from './placing.ts'
import { type EndedReservation, tellReleased } from './tell-released.ts'

/**
 * What stands in the way is many at once; the sweep holds up the sale for no longer than a group of holds
 * does.
 */
const IN_THE_WAY_MAX = 200
export const SWEEP_BATCH_MAX = 50

/** ACTIVE → EXPIRED in batches; each that expires is told of, once. */
export function createExpiry({ appendAll }: { appendAll: AppendAll }) {
  /** A batch of what is over, the oldest first; what another transaction has at hand is passed over. */
  const expireOldest = async (tx: Tx): Promise<Released[]> =>
    release(tx, await markOldestExpired(tx, SWEEP_BATCH_MAX))

  /**
   * Whatever holds these types or seats, because a buyer wants them now. `wait`: let a transaction that is at
   * it finish, so that what it frees is seen.
   */
  const expireOf = async (tx: Tx, wanted: InTheWay, options: { wait: boolean }): Promise<Released[]> =>
    release(tx, await markExpiredOf(tx, wanted, { ...options, max: IN_THE_WAY_MAX }))

  async function release(tx: Tx, expired: EndedReservation[]): Promise<Released[]> {
    if (expired.length === 0) return []
    // Before the counters are locked, which everybody waits for.
    await tellReleased(appendAll, tx, expired)
    await changeCounters(
      tx,
      expired.flatMap(({ items }) =>
        items.map(({ ticketTypeId, quantity }) => ({ ticketTypeId, held: -quantity, sold: 0 })),
      ),
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
