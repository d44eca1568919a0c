import type { EventId, ReservationId } from '@boxoffice/contracts'
import { refuse, refuseUnknown } from '@boxoffice/service-kit'
import { unknownEvent } from '../event-pictures/own-event.ts'
import type { ReserveResult } from './reserve-result.ts'
import type { Detail } from './wish.ts'

const DETAILS_MAX = 50

/** The refusal of a reservation of this event that was not made. */
export function reserveRefusal(result: Exclude<ReserveResult, { outcome: 'reserved' }>, eventId: EventId) {
  switch (result.outcome) {
    case 'refused': {
      const { error, message, seatIds, reservationIds } = result
      return refuse(409, error, message, {
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
  refuse(400, 'VALIDATION_FAILED', 'the request is not of its schema', {
    details: details.slice(0, DETAILS_MAX),
  })
export const unknownReservation = (reservationId: ReservationId) =>
  refuseUnknown('RESERVATION', reservationId)
export const reservationInPayment = () =>
  refuse(409, 'RESERVATION_IN_PAYMENT', 'this reservation is being paid for')
export const completedReservation = () =>
  refuse(409, 'RESERVATION_COMPLETED', 'this reservation is paid: its tickets are issued')
