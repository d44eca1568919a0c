import {
  type EventId,
  RESERVATION_COMPLETED,
  RESERVATION_IN_PAYMENT,
  RESERVATION_NOT_FOUND,
  type ReservationId,
  reserveRefusals,
  VALIDATION_FAILED,
} from '@boxoffice/contracts'
import { refuse, refuseUnknown } from '@boxoffice/service-kit'
import { unknownEvent } from '../event-replicas/own-event.ts'
import type { Detail } from './reservation-request.ts'
import type { ReserveResult } from './reserve-result.ts'

const DETAILS_MAX = 50

/** Returns the refusal for a reservation that was not made. */
export function reserveRefusal(result: Exclude<ReserveResult, { outcome: 'reserved' }>, eventId: EventId) {
  switch (result.outcome) {
    case 'refused': {
      const { error, message, seatIds, reservationIds } = result
      return refuse(reserveRefusals[error], {
        message,
        reserved: false as const,
        ...(seatIds && { seatIds: [...seatIds] }),
        ...(reservationIds && { reservationIds: [...reservationIds] }),
      })
    }
    case 'unknown-event':
      return unknownEvent(eventId)
    case 'invalid':
      return refuseInvalid(result.details)
  }
}

export const refuseInvalid = (details: readonly Detail[]) =>
  refuse(VALIDATION_FAILED, { details: details.slice(0, DETAILS_MAX) })
export const unknownReservation = (reservationId: ReservationId) =>
  refuseUnknown(RESERVATION_NOT_FOUND, reservationId)
export const reservationInPayment = () => refuse(RESERVATION_IN_PAYMENT)
export const completedReservation = () => refuse(RESERVATION_COMPLETED)
