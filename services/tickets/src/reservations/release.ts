import type { OrderId, ReservationId, UserId } from '@boxoffice/contracts'
import { type AppendAll, currentOrigin, type MessageOrigin } from '@boxoffice/messaging'
import { isPermanent, type Logger, sideBySide, type Tx } from '@boxoffice/service-kit'
import { changeCounters } from '../holds/counter-repository.ts'
import { unclaimSeats } from '../holds/seat-claim-repository.ts'
import { lockOrder } from './lock-repository.ts'
import { insertOutcome } from './outcome-repository.ts'
import { type StoredReservation, ticketCount } from './reservation.ts'
import { lockReservation, lockReservations, moveReservations } from './reservation-repository.ts'
import { tellReleased } from './tell-released.ts'

export type ReleaseResult =
  | { outcome: 'released'; reservation: StoredReservation; ticketsReleased: number }
  | { outcome: 'nothing' }
  | { outcome: 'issued' }

export type BuyerReleaseResult =
  | { outcome: 'released'; reservation: StoredReservation }
  | { outcome: 'nothing' | 'paying' | 'paid' | 'unknown' }

/** A buyer's request to let a reservation go. */
export interface ReleaseRequest {
  readonly reservationId: ReservationId
  readonly userId: UserId
  readonly origin: MessageOrigin
}

type Ended = StoredReservation & { readonly origin: MessageOrigin }

/** ACTIVE or PAYING → CANCELLED: what is let go is told of, once. */
export function createReleases({ appendAll, logger }: { appendAll: AppendAll; logger: Logger }) {
  /**
   * Undo an order's reserve or claim. The order's outcome CANCELLED comes first, so that a step that arrives
   * after its own compensation holds nothing; then its claim goes, if there is one. Repeated, the answer is
   * the same. What was issued stays.
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

  /** Let one's own reservations go, which were asked for together; repeated, there is nothing left to do. */
  async function releaseOwn(tx: Tx, requests: readonly ReleaseRequest[]): Promise<BuyerReleaseResult[]> {
    const ids = [...new Set(requests.map(({ reservationId }) => reservationId))]
    const reservations = new Map(
      (await lockReservations(tx, ids)).map((found) => [found.reservationId, found]),
    )
    const released = new Map<ReservationId, Ended>()
    const results = requests.map(({ reservationId, userId, origin }): BuyerReleaseResult => {
      const reservation = reservations.get(reservationId)
      if (!reservation || reservation.userId !== userId) return { outcome: 'unknown' }
      if (reservation.status === 'PAYING') return { outcome: 'paying' }
      if (reservation.status === 'COMPLETED') return { outcome: 'paid' }
      if (reservation.status !== 'ACTIVE' || released.has(reservationId)) return { outcome: 'nothing' }
      released.set(reservationId, { ...reservation, origin })
      return { outcome: 'released', reservation }
    })
    await letGoAll(tx, [...released.values()], 'ACTIVE')
    return results
  }

  /** A locked reservation is CANCELLED and its places are free. */
  const letGo = (tx: Tx, reservation: StoredReservation, from: 'ACTIVE' | 'PAYING') =>
    letGoAll(tx, [{ ...reservation, origin: currentOrigin() }], from)

  async function letGoAll(tx: Tx, reservations: readonly Ended[], from: 'ACTIVE' | 'PAYING'): Promise<void> {
    if (reservations.length === 0) return
    const ids = reservations.map(({ reservationId }) => reservationId)
    const moved = new Map(
      (await moveReservations(tx, ids, from, 'CANCELLED')).map((one) => [one.reservationId, one]),
    )
    const ended = reservations.map(({ reservationId, eventId, userId, items, origin }) => {
      const { heldAt, movedAt } = moved.get(reservationId) as { heldAt: Date; movedAt: Date }
      return {
        reservationId,
        eventId,
        userId,
        outcome: 'CANCELLED' as const,
        heldAt,
        releasedAt: movedAt,
        items,
        origin,
      }
    })
    const changes = reservations.flatMap(({ items }) =>
      items.map(({ ticketTypeId, quantity }) => ({ ticketTypeId, held: -quantity, sold: 0 })),
    )
    await sideBySide([tellReleased(appendAll, tx, ended), changeCounters(tx, changes), unclaimSeats(tx, ids)])
  }

  /**
   * Let a claim go whose order is over; false where that can never succeed. What was found wrong is logged,
   * and left to people: the order ends all the same, since somebody waits for their money.
   */
  async function letGoIfPossible(tx: Tx, reservation: StoredReservation): Promise<boolean> {
    try {
      await tx.savepoint(() => letGo(tx, reservation, 'PAYING'))
      return true
    } catch (error) {
      if (!isPermanent(error)) throw error
      const { reservationId, orderId } = reservation
      logger.error(
        { err: error, reservationId, orderId },
        'the places of an order that is over cannot be released',
      )
      return false
    }
  }

  return { releaseClaim, releaseOwn, letGo, letGoIfPossible }
}
export type Releases = ReturnType<typeof createReleases>
