import {
  type claimRefusals,
  isOver,
  type OrderId,
  type ReservationId,
  type UserId,
} from '@boxoffice/contracts'
import type { Tx } from '@boxoffice/service-kit'
import { findReplicaAsOf } from '../event-replicas/replica-repository.ts'
import { lockOrder } from './lock-repository.ts'
import { findOutcome } from './outcome-repository.ts'
import { isOpen, type StoredReservation } from './reservation.ts'
import { claimForOrder, lockReservation } from './reservation-repository.ts'

/** Why an order does not get a reservation. */
interface NotClaimed {
  readonly error: keyof typeof claimRefusals
  readonly message: string
}
export type ClaimResult =
  | { outcome: 'claimed'; reservation: StoredReservation }
  | ({ outcome: 'refused' } & NotClaimed)
  | { outcome: 'unknown' }

export interface ClaimRequest {
  readonly reservationId: ReservationId
  readonly orderId: OrderId
  readonly userId: UserId
}

/**
 * Claims a hold for an order: it becomes PAYING and lasts while the payment runs. Repeating the claim is
 * safe.
 */
export async function claim(tx: Tx, request: ClaimRequest, claimSeconds: number): Promise<ClaimResult> {
  await lockOrder(tx, request.orderId)
  const ended = await refusalOfEndedOrder(tx, request.orderId)
  if (ended) return { outcome: 'refused', ...ended }
  const reservation = await lockReservation(tx, request.reservationId)
  if (!reservation || reservation.userId !== request.userId) return { outcome: 'unknown' }
  return claimLocked(tx, reservation, request.orderId, claimSeconds)
}

/** Claims a reservation that is locked already, as its order must be. */
export async function claimLocked(
  tx: Tx,
  reservation: StoredReservation,
  orderId: OrderId,
  claimSeconds: number,
): Promise<ClaimResult> {
  const own = reservation.orderId === orderId
  if (own && reservation.status === 'COMPLETED') return { outcome: 'claimed', reservation }
  if (!own && reservation.status === 'PAYING') {
    return refused('RESERVATION_IN_PAYMENT', 'another order is paying for this reservation')
  }
  const paying = own && reservation.status === 'PAYING'
  if (!paying && !isOpen(reservation)) return refused('RESERVATION_EXPIRED', 'this reservation has expired')
  const found = await findReplicaAsOf(tx, reservation.eventId)
  if (found?.replica.status === 'CANCELLED') return refused('EVENT_NOT_ON_SALE', 'the event is cancelled')
  if (paying) return { outcome: 'claimed', reservation }
  // A hold taken in time may be paid for after sales have closed, but not once the event is over.
  if (found && isOver(found.replica, found.asOf)) return refused('EVENT_NOT_ON_SALE', 'the event is over')
  const expiresAt = await claimForOrder(tx, reservation.reservationId, orderId, claimSeconds)
  const remainingMs = reservation.remainingMs + expiresAt.getTime() - reservation.expiresAt.getTime()
  return {
    outcome: 'claimed',
    reservation: { ...reservation, status: 'PAYING', orderId, expiresAt, remainingMs },
  }
}

/**
 * Returns a refusal if the order was rejected or cancelled: a step that its own compensation overtook must
 * hold nothing.
 */
export async function refusalOfEndedOrder(tx: Tx, orderId: OrderId): Promise<NotClaimed | null> {
  const existing = await findOutcome(tx, orderId)
  return !existing || existing.outcome === 'ISSUED' ? null : orderIsOver
}

const orderIsOver: NotClaimed = {
  error: 'RESERVATION_EXPIRED',
  message: 'this order has ended and holds nothing',
}
export const refusedAsOrderEnded = { outcome: 'refused' as const, ...orderIsOver }

const refused = (error: NotClaimed['error'], message: string): ClaimResult => ({
  outcome: 'refused',
  error,
  message,
})
