import type { ReservationId, UserId } from '@boxoffice/contracts'
import type { Tx } from '@boxoffice/service-kit'
import { isOnSale } from '../event-replicas/replica.ts'
import { findReplicaAsOf } from '../event-replicas/replica-repository.ts'
import { isOpen, type StoredReservation } from './reservation.ts'
import { extendHold, lockReservation } from './reservation-repository.ts'

export type ExtendResult =
  | { outcome: 'extended'; reservation: StoredReservation }
  | { outcome: 'longest'; expiresAt: Date }
  | { outcome: 'paying' | 'paid' | 'over' | 'unknown' | 'not-on-sale' }

export interface ExtendRequest {
  readonly reservationId: ReservationId
  readonly userId: UserId
}

/**
 * Extends the caller's own hold by the full hold time from now, up to the longest that a reservation may
 * last. An expired one stays expired: its places may be another buyer's by now.
 */
export async function extendOwn(
  tx: Tx,
  { reservationId, userId }: ExtendRequest,
  limits: { seconds: number; maxSeconds: number },
): Promise<ExtendResult> {
  const reservation = await lockReservation(tx, reservationId)
  if (!reservation || reservation.userId !== userId) return { outcome: 'unknown' }
  if (reservation.status === 'PAYING') return { outcome: 'paying' }
  if (reservation.status === 'COMPLETED') return { outcome: 'paid' }
  if (!isOpen(reservation)) return { outcome: 'over' }
  const found = await findReplicaAsOf(tx, reservation.eventId)
  if (!found || !isOnSale(found.replica, found.asOf)) return { outcome: 'not-on-sale' }
  const extended = await extendHold(tx, reservationId, limits)
  if (!extended) return { outcome: 'longest', expiresAt: reservation.expiresAt }
  return { outcome: 'extended', reservation: { ...reservation, ...extended } }
}
