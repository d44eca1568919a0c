import type { OrderId, ReservationId, UserId } from '@boxoffice/contracts'
import { type AppendAll, currentOrigin, type MessageOrigin } from '@boxoffice/messaging'
import { isPermanent, type Logger, sideBySide, type Tx } from '@boxoffice/service-kit'
import { changeCounters } from '../holds/counter-repository.ts'
import { unclaimSeats } from '../holds/seat-claim-repository.ts'
import { lockOrder } from './lock-repository.ts'
import { insertOutcome } from './outcome-repository.ts'
import { publishReleased } from './publish-released.ts'
import { type StoredReservation, ticketCount } from './reservation.ts'
import {
  hasReservation,
  lockReservation,
  lockReservations,
  moveReservations,
} from './reservation-repository.ts'

export type ReleaseResult =
  | { outcome: 'released'; reservation: StoredReservation; ticketsReleased: number }
  | { outcome: 'nothing' }
  | { outcome: 'issued' }

export type BuyerReleaseResult =
  | { outcome: 'released'; reservation: StoredReservation }
  | { outcome: 'nothing' | 'paying' | 'paid' | 'unknown' }

/** A buyer's request to release a reservation. */
export interface ReleaseRequest {
  readonly reservationId: ReservationId
  readonly userId: UserId
  readonly origin: MessageOrigin
}

type Ended = StoredReservation & { readonly origin: MessageOrigin }

/** Moves reservations from ACTIVE or PAYING to CANCELLED, and publishes each once. */
export function createReleases({ appendAll, logger }: { appendAll: AppendAll; logger: Logger }) {
  /**
   * Undoes an order's reserve or claim. Writes the order's outcome CANCELLED first, so that a step that
   * arrives after its own compensation holds nothing; then releases its claim, if there is one. Repeating it
   * returns the same answer. Issued tickets stay issued.
   */
  async function releaseClaim(
    tx: Tx,
    order: { orderId: OrderId; reservationId: ReservationId; reason: string },
  ): Promise<ReleaseResult> {
    await lockOrder(tx, order.orderId)
    const existing = await insertOutcome(tx, order.orderId, 'CANCELLED', order)
    if (existing?.outcome === 'ISSUED') return { outcome: 'issued' }
    const reservation = await lockReservation(tx, order.reservationId)
    if (!reservation || reservation.orderId !== order.orderId) return { outcome: 'nothing' }
    if (reservation.status === 'PAYING') await release(tx, reservation, 'PAYING')
    return { outcome: 'released', reservation, ticketsReleased: ticketCount(reservation.items) }
  }

  /**
   * Writes down that an order was refused its places, so that the same request, delivered late, holds
   * nothing: the order has ended by then. False, with nothing written, if the order has places: the request
   * arrived twice, and the other one got them.
   */
  async function endRefused(
    tx: Tx,
    order: { orderId: OrderId; reservationId: ReservationId; reason: string },
  ): Promise<boolean> {
    await lockOrder(tx, order.orderId)
    if (await hasReservation(tx, order.orderId)) return false
    await insertOutcome(tx, order.orderId, 'CANCELLED', order)
    return true
  }

  /** Releases buyers' own reservations, requested together. Repeating it does nothing. */
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
    await releaseAll(appendAll, tx, [...released.values()], 'ACTIVE')
    return results
  }

  /** Cancels a locked reservation and frees its places. */
  const release = (tx: Tx, reservation: StoredReservation, from: 'ACTIVE' | 'PAYING') =>
    releaseAll(appendAll, tx, [{ ...reservation, origin: currentOrigin() }], from)

  /**
   * Releases the claim of an ended order; false if that can never succeed. The cause is logged for operators,
   * and the order ends all the same, since its buyer waits for a refund.
   */
  async function tryRelease(tx: Tx, reservation: StoredReservation): Promise<boolean> {
    try {
      await tx.savepoint(() => release(tx, reservation, 'PAYING'))
      return true
    } catch (error) {
      if (!isPermanent(error)) throw error
      const { reservationId, orderId } = reservation
      logger.error(
        { err: error, reservationId, orderId },
        'releasing the places of an ended order failed permanently',
      )
      return false
    }
  }

  return { releaseClaim, endRefused, releaseOwn, release, tryRelease }
}
export type Releases = ReturnType<typeof createReleases>

/** Moves locked reservations to CANCELLED, frees their places and publishes their end. */
async function releaseAll(
  appendAll: AppendAll,
  tx: Tx,
  reservations: readonly Ended[],
  from: 'ACTIVE' | 'PAYING',
): Promise<void> {
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
  await sideBySide([
    publishReleased(appendAll, tx, ended),
    changeCounters(tx, changes),
    unclaimSeats(tx, ids),
  ])
}
