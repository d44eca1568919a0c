import { refuse } from '@boxoffice/service-kit'
import type { ReserveResult } from './reserve-result.ts'

/** The refusal of a reservation that was not made. */
export function reserveRefusal(result: Exclude<ReserveResult, { outcome: 'reserved' }>) {
  switch (result.outcome) {
    case 'refused': {
      const { error, message, seatIds } = result
      return refuse(409, error, message, { reserved: false as const, ...(seatIds && { seatIds: [...seatIds] }) })
    }
    case 'unknown-event':
      return refuse(404, 'EVENT_NOT_FOUND', 'there is no such event')
    case 'invalid':
      return refuse(400, 'VALIDATION_FAILED', 'the request is not of its schema', { details: [...result.details] })
  }
}

export const unknownReservation = () => refuse(404, 'RESERVATION_NOT_FOUND', 'there is no such reservation')
