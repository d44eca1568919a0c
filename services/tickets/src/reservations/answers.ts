import { refuse } from '@boxoffice/service-kit'
import type { Line } from '../holds/commands.ts'
import type { ReserveResult } from './reserve.ts'

/** The refusal of a reservation that was not made. `lines` are as the request named them. */
export function reserveRefusal(result: Exclude<ReserveResult, { outcome: 'reserved' }>, lines: readonly Line[]) {
  switch (result.outcome) {
    case 'refused':
      return refuse(409, result.error, result.message, { reserved: false as const })
    case 'unknown-event':
      return refuse(404, 'EVENT_NOT_FOUND', 'there is no such event')
    case 'unknown-types':
      return refuse(400, 'VALIDATION_FAILED', 'the request is not of its schema', {
        details: lines.flatMap(({ ticketTypeId }, index) =>
          result.ticketTypeIds.includes(ticketTypeId)
            ? [{ path: `body.ticketRequests.${index}.ticketTypeId`, message: 'is not a ticket type of this event' }]
            : [],
        ),
      })
  }
}

export const unknownReservation = () => refuse(404, 'RESERVATION_NOT_FOUND', 'there is no such reservation')
