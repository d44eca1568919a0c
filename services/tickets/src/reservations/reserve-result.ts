import type { SeatId } from '@boxoffice/contracts'
import type { NotReserved } from './offer.ts'
import type { StoredReservation } from './reservation.ts'
import type { Detail } from './wish.ts'

/** What became of a wish to hold tickets. */
export type ReserveResult =
  | { outcome: 'reserved'; reservation: StoredReservation }
  | ({ outcome: 'refused' } & NotReserved)
  | { outcome: 'unknown-event' }
  | { outcome: 'invalid'; details: readonly Detail[] }

export const soldOut: ReserveResult & { outcome: 'refused' } = {
  outcome: 'refused',
  error: 'INSUFFICIENT_INVENTORY',
  message: 'not so many tickets are left',
}
export const seatsTaken = (seatIds: readonly SeatId[]): ReserveResult & { outcome: 'refused' } => ({
  outcome: 'refused',
  error: 'SEATS_TAKEN',
  message: `${seatIds.length === 1 ? 'this seat is' : 'these seats are'} taken: ${seatIds.join(', ')}`,
  seatIds,
})

/** Whether what was wanted is not there (any more). */
export const isTaken = (result: ReserveResult) =>
  result.outcome === 'refused' && (result.error === 'INSUFFICIENT_INVENTORY' || result.error === 'SEATS_TAKEN')
