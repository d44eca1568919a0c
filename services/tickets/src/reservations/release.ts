import type { OrderId, ReservationId, UserId } from '@boxoffice/contracts'
import { type AppendAll, underSavepoint } from '@boxoffice/messaging'
import { isPermanent, type Logger, type Tx } from '@boxoffice/service-kit'
import { changeCounters } from '../holds/counter-repository.ts'
import { unclaimSeats } from '../holds/seat-claim-repository.ts'
import { insertOutcome } from '../issuing/outcome-repository.ts'
import { lockOrder } from './locks.ts'
import { type StoredReservation, ticketCount } from './reservation.ts'
import { lockReservation, moveReservation } from './reservation-repository.ts'
import { tellReleased } from './tell-released.ts'

export type ReleaseResult =
  | { outcome: 'released'; reservation: StoredReservation; ticketsReleased: number }
  | { outcome: 'nothing' }
  | { outcome: 'issued' }

export type BuyerReleaseResult =
  | { outcome: 'released'; reservation: StoredReservation }
  | { outcome: 'nothing' | 'paying' | 'paid' | 'unknown' }

/** ACTIVE or PAYING → CANCELLED: what is let go is told of, once. */
export function createReleases({ appendAll, logger }: { appendAll: AppendAll; logger: Logger }) {
  /**
   * Undo an order's reserve or claim. The order's outcome CANCELLED comes first, so that a step that arrives after its own
   * compensation holds nothing; then its claim goes, if there is one. Repeated, the answer is the same. What was issued stays.
   */
  async function releaseClaim(
    tx: Tx,
    order: { orderId: OrderId; reservationId: ReservationId; reason: string },
  ): Promise<ReleaseResult> {
    await lockOrder(tx, order.orderId)
    const standing = await insertOutcome(tx, order.orderId, 'CANCELLED', order)
    if (standing?.outcome === 'ISSUED') return { outcome: 'issued' }
    const reservation = await lockReservation(tx, order.reservationId)
    if (!reservation || reservation.orderId !== order.orderId) return { outcome: 'nothing' }
    if (reservation.status === 'PAYING') await letGo(tx, reservation, 'PAYING')
    return { outcome: 'released', reservation, ticketsReleased: ticketCount(reservation.items) }
  }

  /** Let one's own reservation go; repeated, there is nothing left to do. */
  async function releaseOwn(tx: Tx, reservationId: ReservationId, userId: UserId): Promise<BuyerReleaseResult> {
    const reservation = await lockReservation(tx, reservationId)
    if (!reservation || reservation.userId !== userId) return { outcome: 'unknown' }
    if (reservation.status === 'PAYING') return { outcome: 'paying' }
    if (reservation.status === 'COMPLETED') return { outcome: 'paid' }
    if (reservation.status !== 'ACTIVE') return { outcome: 'nothing' }
    await letGo(tx, reservation, 'ACTIVE')
    return { outcome: 'released', reservation }
  }

  /** A locked reservation is CANCELLED and its places are free. */
  async function letGo(tx: Tx, reservation: StoredReservation, from: 'ACTIVE' | 'PAYING'): Promise<void> {
    const { reservationId, eventId, userId, items } = reservation
    const { heldAt, movedAt } = await moveReservation(tx, reservationId, from, 'CANCELLED')
    await tellReleased(appendAll, tx, [
      { reservationId, eventId, userId, outcome: 'CANCELLED', heldAt, releasedAt: movedAt, items },
    ])
    await changeCounters(
      tx,
      items.map(({ ticketTypeId, quantity }) => ({ ticketTypeId, held: -quantity, sold: 0 })),
    )
    await unclaimSeats(tx, [reservationId])
  }

  /**
   * Let a claim go whose order is over; false where that can never succeed. What was found wrong is logged, and left to people: the order
   * ends all the same, since somebody waits for their money.
   */
  async function letGoIfPossible(tx: Tx, reservation: StoredReservation): Promise<boolean> {
    try {
      await underSavepoint(tx, () => letGo(tx, reservation, 'PAYING'))
      return true
    } catch (error) {
      if (!isPermanent(error)) throw error
      const { reservationId, orderId } = reservation
      logger.error({ err: error, reservationId, orderId }, 'the places of an order that is over cannot be released')
      return false
    }
  }

  return { releaseClaim, releaseOwn, letGo, letGoIfPossible }
}
export type Releases = ReturnType<typeof createReleases>
