import { SEAT_NOT_FOUND, type ticketsInternalRoutes } from '@boxoffice/contracts'
import { type Handlers, refuse, type SqlDatabase } from '@boxoffice/service-kit'
import type { FindEventPicture } from '../event-pictures/event-pictures.ts'
import { unknownEvent } from '../event-pictures/own-event.ts'
import { findSeatOffer } from '../plans/plan-repository.ts'

interface Deps {
  db: SqlDatabase
  findEventPicture: FindEventPicture
}

type Routes = Pick<typeof ticketsInternalRoutes, 'findSeat'>

export function internalSeatHandlers(deps: Deps): Handlers<Routes> {
  const sql = deps.db
  return {
    findSeat: async ({ params: { eventId, seatId } }) => {
      const picture = await deps.findEventPicture(eventId)
      if (!picture || picture.status === 'DRAFT') return unknownEvent(eventId)
      const offer = await findSeatOffer(sql, eventId, seatId)
      if (!offer) return refuse(SEAT_NOT_FOUND, { message: `Seat with ID ${seatId} not found at this event` })
      return { status: 200, body: { eventId, venueId: picture.venueId, seatId, ...offer } }
    },
  }
}
