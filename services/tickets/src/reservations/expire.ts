import type { EventId } from '@boxoffice/contracts'
import type { AppendAll } from '@boxoffice/messaging'
import type { Tx } from '@boxoffice/service-kit'
import type { Released, SeatedLine } from '../holds/commands.ts'
import { changeCounters } from '../holds/counter-repository.ts'
import { unclaimSeats } from '../holds/seat-claim-repository.ts'
import { markExpiredOf, markOldestExpired } from './expiry-repository.ts'
import type { WantedPlaces } from './hold-attempt.ts'
import { type EndedReservation, publishReleased } from './publish-released.ts'

/**
 * Many holds may block a request at once; expiring them must not delay the sale for longer than a group of
 * holds does.
 */
const WANTED_MAX = 200
export const SWEEP_BATCH_MAX = 50

/** Moves reservations from ACTIVE to EXPIRED in batches, and publishes each once. */
export function createExpiry({ appendAll }: { appendAll: AppendAll }) {
  /** Expires a batch of overdue holds, oldest first; skips those that another transaction has locked. */
  const expireOldest = async (tx: Tx): Promise<Released[]> =>
    release(tx, await markOldestExpired(tx, SWEEP_BATCH_MAX))

  /**
   * Expires overdue holds of the types or seats that a buyer wants now. `wait`: waits for transactions that
   * have locked such holds, so that what they free is seen.
   */
  const expireOf = async (tx: Tx, wanted: WantedPlaces, options: { wait: boolean }): Promise<Released[]> =>
    release(tx, await markExpiredOf(tx, wanted, { ...options, max: WANTED_MAX }))

  async function release(tx: Tx, expired: EndedReservation[]): Promise<Released[]> {
    if (expired.length === 0) return []
    // Before locking the counters, which all transactions compete for.
    await publishReleased(appendAll, tx, expired)
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

/** Returns the places that the lines need: the seats of seated lines, the type of others. */
export const wantedPlacesOf = (eventId: EventId, lines: readonly SeatedLine[]): WantedPlaces => ({
  eventId,
  ticketTypeIds: lines.filter(({ seatIds }) => !seatIds).map(({ ticketTypeId }) => ticketTypeId),
  seatIds: lines.flatMap(({ seatIds }) => seatIds ?? []),
})
