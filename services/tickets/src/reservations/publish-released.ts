import { type EventId, type ReservationId, reservationReleased, type UserId } from '@boxoffice/contracts'
import type { AppendAll, MessageOrigin } from '@boxoffice/messaging'
import type { Tx } from '@boxoffice/service-kit'
import type { Line } from '../holds/commands.ts'

/** A reservation that ended without tickets, and when, by the database's clock. */
export interface EndedReservation {
  readonly reservationId: ReservationId
  readonly eventId: EventId
  readonly userId: UserId
  readonly outcome: 'EXPIRED' | 'CANCELLED'
  readonly heldAt: Date
  readonly releasedAt: Date
  readonly items: readonly Line[]
  /** The request that ended it, where several are published together. */
  readonly origin?: MessageOrigin
}

/** Publishes ended reservations, in the transaction in which they end; each ends once. */
export async function publishReleased(
  appendAll: AppendAll,
  tx: Tx,
  ended: readonly EndedReservation[],
): Promise<void> {
  const messages = ended.map(({ items, origin, ...reservation }) => {
    const tickets = items.map(({ ticketTypeId, quantity }) => ({ ticketTypeId, quantity }))
    return { payload: { ...reservation, tickets }, aggregateVersion: 1, ...(origin && { origin }) }
  })
  await appendAll(tx, reservationReleased, messages)
}
